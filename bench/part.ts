// What a part of the bench gets and gives.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeMessagesApi, startFakeMessagesApi } from '../test/support/fake-messages-api.ts'
import type { Row } from './measure.ts'

export interface Context {
  readonly quick: boolean
  /** A count for the full run, and a smaller one for the quick. */
  n(full: number, quick: number): number
  /** A fresh folder with these files; removed at the end. */
  folder(files: Readonly<Record<string, string>>): Promise<string>
}

export interface Part {
  readonly name: string
  run(context: Context): Promise<readonly Row[]>
}

export function createContext(quick: boolean): { context: Context; clean(): Promise<void> } {
  const folders: string[] = []
  const context: Context = {
    quick,
    n: (full, small) => (quick ? small : full),
    async folder(files) {
      const path = await mkdtemp(join(tmpdir(), 'claw-bench-'))
      folders.push(path)
      for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
      return path
    },
  }
  return {
    context,
    clean: async () => void (await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })))),
  }
}

/** An instant model in this process, and the configuration that uses it. */
export async function instantModel(answer = 'pong'): Promise<{ api: FakeMessagesApi; yaml(more?: string): string }> {
  const api = await startFakeMessagesApi({ record: false, reply: () => answer })
  return {
    api,
    yaml: (more = 'agents: { main: { soul: You are terse. } }') =>
      `gateway: { port: 0 }\nmodels: { api: { provider: anthropic, baseURL: "${api.url}", apiKey: none } }\ndefaults: { model: api/instant }\n${more}\n`,
  }
}
