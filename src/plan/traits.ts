// What tools, channels and model services say of themselves: plain data, which a manifest holds as well as code.

/** What a tool can do to the world; checks, verdicts and `access` go by these. */
export interface ToolTraits {
  /** Runs programs. */
  readonly runs?: true
  /** Changes files or memory. */
  readonly writes?: true
  /** Sends something to someone, or reaches the network. */
  readonly sends?: true
  /** Costs money. */
  readonly spends?: true
  /** Mode `ask` asks before it runs. */
  readonly asks?: true
  /** Running it twice is the same as once, so a crash in mid-call may repeat it. */
  readonly idempotent?: true
  /** Its result can hold text that others wrote (a page, a file, a program's output): the model gets it marked as data. */
  readonly outside?: true
  /** Its result can hold what is not for everyone: files, notes, other conversations. */
  readonly private?: true
}

/** What a channel's platform can do; the conformance kit checks it and the docs show it. */
export interface ChannelTraits {
  /** The gateway itself shows replies: nothing is pushed. */
  readonly resident?: true
  readonly groups: boolean
  readonly threads: boolean
  /** Members of groups have roles, and messages say which. */
  readonly roles?: true
  /** Messages can be edited: `streaming: edit` works. */
  readonly edits: boolean
  readonly buttons: boolean
  readonly media: boolean
  /** The platform drops a message that was sent before under the same key. */
  readonly idempotentSend: boolean
  /** Of one message. */
  readonly maxChars: number
}

/** What there is to know of a kind of model service without calling it. */
export interface ProviderTraits {
  /** It exists without being written under `models`, named like its type. */
  readonly implicit?: true
  /** It needs no key. */
  readonly keyless?: true
  /** No network and no randomness: `claw test` runs on it. */
  readonly deterministic?: true
}
