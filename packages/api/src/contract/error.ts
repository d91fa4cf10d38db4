const MARKER = Symbol.for("unroll.error");

/**
 * Stable identifiers of everything that can go wrong. Codes are API; message texts are not.
 */
export type UnrollErrorCode =
  | "UNROLL_SHAPE"
  | "UNROLL_DTYPE"
  | "UNROLL_SPEC"
  | "UNROLL_PROGRAM"
  | "UNROLL_WEIGHTS"
  | "UNROLL_STATE"
  | "UNROLL_UNSUPPORTED"
  | "UNROLL_DISPOSED"
  | "UNROLL_CONFIG"
  | "UNROLL_FORMAT"
  | "UNROLL_ENGINE"
  | "UNROLL_ARGUMENT";

/** What an error carries beside its text: plain data that a program can act on. */
export type UnrollErrorDetails = Readonly<Record<string, unknown>>;

/**
 * The one error class of the library. The message reads `<place>: expected <what>, got <what>; <cure>`.
 *
 * Test with {@link isUnrollError} rather than `instanceof`: two installed copies of this package have two
 * classes.
 */
export class UnrollError extends Error {
  /** What kind of mistake it is: for programs to act on. */
  readonly code: UnrollErrorCode;
  /** What the text says, as data: names, sizes, lists; which there are depends on the code and place. */
  readonly details: UnrollErrorDetails;

  /** @param options.cause the error of another library that this one stands for */
  constructor(
    code: UnrollErrorCode,
    message: string,
    details: UnrollErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "UnrollError";
    this.code = code;
    this.details = details;
    Object.defineProperty(this, MARKER, { value: true });
  }
}

/** What an error says, part by part. */
export interface Refusal {
  /** What kind of mistake it is. */
  readonly code: UnrollErrorCode;
  /** Where: a function, a layer, a file, an option. */
  readonly place: string;
  /** What would have been right. */
  readonly expected: string;
  /** What came instead. */
  readonly got: string;
  /** What to do about it. */
  readonly cure: string;
  /** The same as data, for programs: names, sizes, lists. */
  readonly details?: UnrollErrorDetails;
  /** The error of another library that this one stands for. */
  readonly cause?: unknown;
}

/** The error of a refusal, in the one form that all have; throw what it returns. */
export function unrollError({ code, place, expected, got, cure, details, ...rest }: Refusal): UnrollError {
  return new UnrollError(code, `${place}: expected ${expected}, got ${got}; ${cure}`, details, rest);
}

/** Whether a caught value is an {@link UnrollError}, from this copy of the package or any other. */
export function isUnrollError(value: unknown): value is UnrollError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[MARKER] === true;
}
