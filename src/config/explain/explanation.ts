// What is said of a code at length.

export interface Explanation {
  /** What happened, in a sentence. */
  readonly what: string
  readonly why: string
  readonly fix: string
  /** YAML that shows the mistake, and the same fixed. */
  readonly before: string
  readonly after: string
}
