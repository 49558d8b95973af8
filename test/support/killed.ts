// The state folder of a running bot in, a copy of it out as a kill at this moment would leave it.

import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** What was written stands in the copy, what was only in memory does not. The bot itself runs on, and is not asked. */
export async function asKilled(t: Test, folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'claw-killed-'))
  t.teardown(() => rm(copy, { recursive: true, force: true }))
  await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('engine.lock') && !path.endsWith('gateway.json') })
  return copy
}
