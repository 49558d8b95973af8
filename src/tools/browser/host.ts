// The browsers of an engine: one an agent, with a profile of its own, started at its first call and ended when it was idle for long.

import type { ToolResult } from '../port.ts'
import type { AgentBrowser } from './agent-browser.ts'
import type { BrowserCall, BrowserHost, BrowserInput } from './port.ts'

const IDLE_MS = 10 * 60_000

interface Kept {
  /** Of the settings it was started with. */
  readonly settings: string
  readonly browser: Promise<AgentBrowser>
  /** Calls of one agent come one after the other. */
  last: Promise<unknown>
  idle: NodeJS.Timeout | undefined
}

/** `folder`: where profiles are. Nothing is loaded or started before the first call. */
export function createBrowserHost(folder: string): BrowserHost {
  const kept = new Map<string, Kept>()

  async function end(agentId: string): Promise<void> {
    const one = kept.get(agentId)
    kept.delete(agentId)
    clearTimeout(one?.idle)
    await one?.browser.then(
      (browser) => browser.close(),
      () => {},
    )
  }

  async function browserOf({ agentId, settings }: BrowserCall): Promise<Kept> {
    const wanted = JSON.stringify(settings)
    const known = kept.get(agentId)
    if (known !== undefined) {
      const isAlive = known.settings === wanted && (await known.browser.then((one) => one.isAlive).catch(() => false))
      if (isAlive) return known
      await end(agentId)
    }
    const browser = import('./agent-browser.ts').then((module) => module.openBrowser(folder, agentId, settings))
    const fresh: Kept = { settings: wanted, browser, last: Promise.resolve(), idle: undefined }
    kept.set(agentId, fresh)
    return fresh
  }

  async function act(input: BrowserInput, call: BrowserCall): Promise<ToolResult> {
    if (input.action === 'close' && input.tab === undefined) {
      await end(call.agentId)
      return { content: 'The browser is closed.' }
    }
    const one = await browserOf(call)
    clearTimeout(one.idle)
    const work = one.last.then(async () => (await one.browser).act(input, call))
    one.last = work.catch(() => {})
    try {
      return await work
    } finally {
      clearTimeout(one.idle)
      one.idle = setTimeout(() => void end(call.agentId), IDLE_MS).unref()
    }
  }

  return { act, close: async () => void (await Promise.all([...kept.keys()].map(end))) }
}
