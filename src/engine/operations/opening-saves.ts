// Saves that open something (a right, a tool, a person who may write) wait until the file was still for a moment: a file that is
// being written is valid before its last lines are there, and what is missing is often what closes a door.

/** How long the text must stay the same. */
export const QUIET_MS = 1_000

export type ConfigTexts = ReadonlyMap<string, string>

/** `apply`; `wait`: look again after QUIET_MS; `hold`: the file ends in the middle of the one before, and only a person can tell. */
export type OpeningVerdict = 'apply' | 'wait' | 'hold'

export class OpeningSaves {
  /** Of the configuration that runs. */
  #running: ConfigTexts
  /** A save that waits: its hash, and since when the text is the same. */
  #waiting: { readonly hash: string; readonly since: number } | null = null

  constructor(running: ConfigTexts) {
    this.#running = running
  }

  judge(save: { readonly fileHash: string; readonly texts: ConfigTexts }, now: number): OpeningVerdict {
    if (this.#waiting?.hash !== save.fileHash) this.#waiting = { hash: save.fileHash, since: now }
    if (now - this.#waiting.since < QUIET_MS) return 'wait'
    return this.#isCutOff(save.texts) ? 'hold' : 'apply'
  }

  /** This configuration runs now. */
  applied(texts: ConfigTexts): void {
    this.#running = texts
    this.#waiting = null
  }

  #isCutOff(texts: ConfigTexts): boolean {
    return [...texts].some(([file, text]) => {
      const before = this.#running.get(file)
      return before !== undefined && text.length < before.length && before.startsWith(text)
    })
  }
}
