/**
 * From configuration to an adapter value: `@unroll/api/config`. Node only; a browser passes the adapter
 * itself.
 *
 * @module @unroll/api/config
 */
export { resolveAdapter, type ResolveOptions } from "./resolve.js";
export { adapterNames, devicesOf, type AdapterName } from "./engines.js";
export { configKeys, readConfig, type Config } from "./file.js";
