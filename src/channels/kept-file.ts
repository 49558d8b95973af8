// A small file that follows what it stands for, at a pace: changed a hundred times a second, it is written a few times.

import writeFileAtomic from 'write-file-atomic'
import { messageOf } from '../errors.ts'
import type { Clock, Logger } from '../ports.ts'

export interface KeptFile {
  /** What it stands for has changed; the file follows soon. */
  touch(): void
  /** Resolves when the file holds what is known now. Rejects never: trouble is logged. */
  flush(): Promise<void>
}

const PACE_MS = 250

export function createKeptFile(
  file: string,
  world: { readonly clock: Clock; readonly log: Logger },
  text: () => string,
): KeptFile {
  let waiting: (() => void) | null = null
  let tail: Promise<void> = Promise.resolve()

  const write = (): Promise<void> => {
    waiting?.()
    waiting = null
    tail = tail.then(() =>
      writeFileAtomic(file, text(), { fsync: false }).catch((error: unknown) =>
        world.log.warn({ file, error: messageOf(error) }, 'a small state file was not saved'),
      ),
    )
    return tail
  }

  return {
    touch() {
      waiting ??= world.clock.after(PACE_MS, () => void write())
    },
    flush: () => (waiting === null ? tail : write()),
  }
}
