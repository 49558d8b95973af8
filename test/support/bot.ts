// A whole bot in this process: a folder with a configuration, the real engine and gateway, a fake Messages API behind it.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineEvent } from '../../src/agent/events.ts'
import { builtinRegistry } from '../../src/builtin.ts'
import type { Hooks } from '../../src/engine/hooks.ts'
import type { KnownSecrets } from '../../src/permissions/redact.ts'
import type { Clock, Logger } from '../../src/ports.ts'
import type { Registry } from '../../src/registry.ts'
import { type Claw, startClaw } from '../../src/start.ts'
import { type FakeMessagesApi, type FakeMessagesOptions, startFakeMessagesApi } from './fake-messages-api.ts'

export interface BotOptions {
  /** Further files, by path in the folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly api?: FakeMessagesOptions
  readonly registry?: Registry
  readonly clock?: Clock
  readonly log?: Logger
  readonly secrets?: KnownSecrets
  readonly watch?: boolean
  readonly hooks?: Hooks
  /** A folder that stands already; it is left standing. */
  readonly folder?: string
}

export interface ChatReply {
  readonly status: number
  readonly body: {
    agent?: string
    response?: string
    session_key?: string
    message_id?: string
    error?: { code: string; message: string }
  }
}

export interface Bot {
  readonly folder: string
  readonly file: string
  readonly claw: Claw
  readonly api: FakeMessagesApi
  readonly url: string
  readonly events: EngineEvent[]
  chat(user: string, message: string, more?: object, headers?: Record<string, string>): Promise<ChatReply>
  /** Replaces the file, as an editor does. */
  save(yaml: string): Promise<void>
  transcript(agent: string, key: string): Promise<readonly Record<string, unknown>[]>
  stop(): Promise<void>
}

/** `models.api` and `defaults.model` point at the fake unless the YAML says otherwise; `$API` in it is the fake's URL. */
export async function startBot(yaml: string, options: BotOptions = {}): Promise<Bot> {
  const api = await startFakeMessagesApi(options.api ?? {})
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'claw-bot-')))
  const file = join(folder, 'openclaw.yaml')
  const text = (source: string): string => source.replaceAll('$API', api.url)
  await writeFile(file, text(yaml))
  for (const [path, content] of Object.entries(options.files ?? {})) await writeFile(join(folder, path), content)
  const claw = await startClaw({
    file,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    registry: options.registry ?? builtinRegistry,
    watch: options.watch ?? false,
    ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
  }).catch(async (error: unknown) => {
    await api.close()
    throw error
  })
  const url = claw.gateway?.url ?? ''
  const events: EngineEvent[] = []
  claw.engine.on((event) => events.push(event))
  return {
    folder,
    file,
    claw,
    api,
    url,
    events,
    async chat(user, message, more = {}, headers = {}) {
      const response = await fetch(`${url}/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ user_id: user, message, ...more }),
      })
      return { status: response.status, body: (await response.json()) as ChatReply['body'] }
    },
    save: (next) => writeFile(file, text(next)),
    async transcript(agent, key) {
      const path = join(folder, '.openclaw/agents', agent, 'sessions', `${encodeURIComponent(key)}.jsonl`)
      return (await readFile(path, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    async stop() {
      await claw.stop()
      await api.close()
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The start of most configurations here: any free port, the fake as the model, and messages as they were written. */
export const HEAD = `
gateway: { port: 0 }
models:
  api: { provider: anthropic, baseURL: $API, apiKey: none, maxRetries: 0 }
defaults: { model: api/claude-test, context: off }
`
