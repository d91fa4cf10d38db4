/** Results under the names that the recording has them. */
export type NamedResults = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>
>;

/** Values by the references of a spec: what a run of the core or of the oracle returns. */
export interface CoreResults {
  readonly outputs: NamedResults;
  readonly state: Readonly<Record<string, NamedResults>>;
}
