// A disk of a few megabytes to fill, and a folder that nobody can write in: real ones, where this user may mount.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

const mount = (folder: string, megabytes: number): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })

/** Why nothing can be mounted here, said in the report; false: it can, or this is CI, where it has to. */
export const NO_MOUNT = ((): string | false => {
  if (process.env['CI'] === 'true') return false
  const folder = mkdtempSync(join(tmpdir(), 'claw-disk-'))
  try {
    mount(folder, 1)
    execFileSync('umount', [folder])
    return false
  } catch {
    return 'NOT TESTED HERE: this user may not mount a small disk'
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})()

/** Not in a test folder: those are removed before a teardown can unmount. */
export function mountSmallDisk(t: Test, megabytes = 1): string {
  const folder = mkdtempSync(join(tmpdir(), 'claw-disk-'))
  mount(folder, megabytes)
  t.teardown(() => {
    execFileSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** A second view of the folder: read-only, also for root, and however busy the first is. */
export function readOnlyView(t: Test, folder: string): string {
  const view = mkdtempSync(join(tmpdir(), 'claw-view-'))
  execFileSync('mount', ['--bind', folder, view])
  t.teardown(() => {
    execFileSync('umount', ['-l', view])
    rmSync(view, { recursive: true })
  })
  execFileSync('mount', ['-o', 'remount,bind,ro', view])
  return view
}

/** Until not a byte more fits. */
export function fill(file: string): void {
  for (const size of [4096, 1]) {
    try {
      for (let bytes = Buffer.alloc(size); ; ) writeFileSync(file, bytes, { flag: 'a' })
    } catch {
      // Full is what was wanted.
    }
  }
}
