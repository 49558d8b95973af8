// The bytes of an ordinary file. A pipe, a socket or a device in its place is refused: reading one may never end.

import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'

// Without waiting for somebody who writes into a pipe.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK
const DEFAULT_MOST = 64 * 1024 * 1024

function check(info: Stats, most: number): void {
  if (info.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
  if (!info.isFile()) throw new Error(`it is ${kindOf(info)}, not an ordinary file`)
  if (info.size > most) throw new Error(`it is larger than ${Math.floor(most / 1024 / 1024)} MiB`)
}

function kindOf(info: Stats): string {
  if (info.isFIFO()) return 'a pipe'
  return info.isSocket() ? 'a socket' : 'a device'
}

/** @throws what the system says, and for all but an ordinary file of at most so many bytes (default 64 MiB). */
export async function readOrdinaryFile(path: string, most = DEFAULT_MOST): Promise<Buffer> {
  const handle = await open(path, FLAGS)
  try {
    check(await handle.stat(), most)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** The same at once, for messages. @throws as above. */
export function readOrdinaryFileSync(path: string, most = DEFAULT_MOST): Buffer {
  const fd = openSync(path, FLAGS)
  try {
    check(fstatSync(fd), most)
    return readFileSync(fd)
  } finally {
    closeSync(fd)
  }
}
