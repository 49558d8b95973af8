// Open files: where a handle really is, whether it is an ordinary file, and what it holds.

import type { Stats } from 'node:fs'
import { type FileHandle, readlink, realpath, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { refuse } from './port.ts'

/** Whether a path can be said by a handle, so that nothing on the way to it can be swapped. */
export const HAS_FD_PATHS = process.platform === 'linux'

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** Where an open handle really is. @throws GateError when that can't be told. */
export async function realPathOf(handle: FileHandle, opened: string): Promise<string> {
  if (HAS_FD_PATHS) {
    const real = await readlink(`/proc/self/fd/${handle.fd}`)
    return real.endsWith(' (deleted)') || !isAbsolute(real) ? refuse('The file was moved or removed meanwhile.') : real
  }
  const real = await realpath(opened)
  const [there, here] = await Promise.all([stat(real, { bigint: true }), handle.stat({ bigint: true })])
  return there.ino === here.ino && there.dev === here.dev ? real : refuse('The file was swapped meanwhile.')
}

/** @throws GateError for all but an ordinary file with one name. */
export function checkKind(info: Stats): void {
  if (info.isDirectory()) refuse('The path names a folder, not a file.')
  if (!info.isFile()) refuse('The path names no ordinary file.')
  if (info.nlink > 1) refuse('The file has a second name (a hard link), which may lie outside the workspace.')
}

/** The whole of a file. @throws GateError when it is larger than `most` */
export async function readWhole(handle: FileHandle, most: number): Promise<Buffer> {
  const { buffer, filled } = await readUpTo(handle, most)
  return filled > most ? refuse(`The file is larger than ${most} bytes.`) : buffer.subarray(0, filled)
}

/** Text from the start of a file, at most so many bytes. */
export async function readFrom(
  handle: FileHandle,
  most: number,
): Promise<{ text: string; truncated: boolean; bytes: number; changedMs: number }> {
  const { buffer, filled, size, changedMs } = await readUpTo(handle, most)
  const truncated = filled > most
  const kept = buffer.subarray(0, Math.min(filled, most))
  if (kept.includes(0)) refuse('The file is binary, not text.')
  // A character cut in half at the end is dropped, not shown as a blot.
  const text = new TextDecoder('utf-8').decode(kept, { stream: truncated })
  return { text, truncated, bytes: truncated ? Math.max(size, filled) : filled, changedMs }
}

/** One byte more than asked for where there is more. */
async function readUpTo(
  handle: FileHandle,
  most: number,
): Promise<{ buffer: Buffer; filled: number; size: number; changedMs: number }> {
  const { size, ctimeMs: changedMs } = await handle.stat()
  const buffer = Buffer.alloc(Math.min(most, Math.max(size, 0)) + 1)
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return { buffer, filled, size, changedMs }
}

/** Words for what the system said, without the absolute path that its own message holds. */
export function openProblem(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'There is no such file.'
    case 'ENOTDIR':
      return 'A part of the path is no folder.'
    case 'ELOOP':
      return 'A part of the path is a link that may not be followed.'
    case 'EISDIR':
      return 'The path names a folder, not a file.'
    case 'EACCES':
    case 'EPERM':
      return 'The system does not permit it.'
    case 'ENXIO':
    case 'ENODEV':
      return 'The path names no ordinary file.'
    case 'ENAMETOOLONG':
      return 'The path is too long.'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full.'
    case 'EROFS':
      return 'The disk is read-only.'
    default:
      return `The file can't be used (${codeOf(error) || 'unknown error'}).`
  }
}
