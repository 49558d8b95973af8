// One trial of a channel behind the real engine: a fresh fake, a state folder, a scripted model that calls one tool of the kit's.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtinRegistry } from '../../builtin.ts'
import type { Engine } from '../../engine/port.ts'
import { Secret } from '../../plan/plan.ts'
import type { Registry } from '../../registry.ts'
import { type Claw, startClaw } from '../../start.ts'
import type { ToolDefinition } from '../../tools/port.ts'
import type { Channel } from '../port.ts'
import { FASTER } from './bench.ts'
import type { KitDriver, KitPlatform } from './contract.ts'
import { fastClock } from './host.ts'

export interface EngineBench {
  readonly platform: KitPlatform
  readonly engine: Engine
  readonly channelId: string
  /** The agent's folder. */
  readonly workspace: string
}

/** What the model says when it is asked for the picture; the text arrives before it. */
export const PICTURE = { ask: 'send me the picture', text: 'Here it is.', name: 'dot.png' }

const SCRIPT = `
replies:
  - { tool: attach_file, text: "${PICTURE.text}" }
  - { match: "${PICTURE.ask}", tool_calls: [{ name: attach_file, input: { path: ${PICTURE.name} } }] }
default: { text: Noted. }
`

/** Attaches a file of the workspace to the reply. */
const attachFile: ToolDefinition<{ path: string }> = {
  name: 'attach_file',
  description: 'Attach a file of your workspace to the reply.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  traits: { idempotent: true },
  run: async ({ path }) => ({ content: `${path} goes out with the reply.`, attachments: [{ path }] }),
}

export async function withEngine(driver: KitDriver, body: (bench: EngineBench) => Promise<void>): Promise<void> {
  const clock = fastClock(FASTER)
  const folder = await mkdtemp(join(tmpdir(), 'claw-kit-'))
  const platform = await driver.start(clock)
  const { type } = driver.definition
  const { config, env } = configOf(driver, platform)
  const file = join(folder, 'openclaw.yaml')
  let claw: Claw | undefined
  try {
    await writeFile(join(folder, 'script.yaml'), SCRIPT)
    await writeFile(file, JSON.stringify(config))
    claw = await startClaw({ file, registry: registryWith(driver), clock, env, watch: false })
    const { engine } = claw
    platform.attach?.(callsInto(engine, type))
    await connected(engine)
    await platform.meet?.()
    await body({ platform, engine, channelId: type, workspace: join(folder, 'work') })
  } finally {
    platform.attach?.(null)
    await claw?.stop()
    await platform.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

const CONNECT_MS = 10_000

async function connected(engine: Engine): Promise<void> {
  for (const end = Date.now() + CONNECT_MS; ; ) {
    const { channels } = await engine.status()
    if (channels[0]?.state === 'connected') return
    if (Date.now() > end) throw new Error(`Waited in vain for a connection: ${JSON.stringify(channels)}`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

/** The driver's settings as a file has them: secrets by variables. */
function configOf({ definition }: KitDriver, platform: KitPlatform): { config: object; env: Record<string, string> } {
  const env: Record<string, string> = {}
  const written = Object.entries(platform.settings).map(([key, value]) => {
    if (!(value instanceof Secret)) return [key, value]
    env[`KIT_${key}`] = value.reveal()
    return [key, `\${KIT_${key}}`]
  })
  const root = platform.apiRoot === undefined ? {} : { apiRoot: platform.apiRoot }
  const config = {
    gateway: { port: 0 },
    models: { demo: { provider: 'scripted', script: 'script.yaml' } },
    agents: { main: { soul: 'You are terse.', model: 'demo', workspace: './work', tools: [attachFile.name] } },
    channels: { [definition.type]: { type: definition.type, ...Object.fromEntries(written), ...root } },
  }
  return { config, env }
}

function registryWith({ definition }: KitDriver): Registry {
  const others = builtinRegistry.channels.filter(({ type }) => type !== definition.type)
  return { ...builtinRegistry, tools: [...builtinRegistry.tools, attachFile], channels: [...others, definition] }
}

/** The channel as a platform that calls in sees it: what answers at its address. */
const callsInto = (engine: Engine, channelId: string): Channel => ({
  start: async () => {},
  stop: async () => {},
  send: async () => ({ messageIds: [] }),
  webhook: async (request) => (await engine.webhook(channelId, request)) ?? { status: 404 },
})
