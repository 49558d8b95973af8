// One agent's browser: its tabs, its way to the network, what it downloads. Calls in, results for the model out.

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createCheckingProxy } from '../../permissions/checking-proxy.ts'
import { GateError } from '../../permissions/port.ts'
import type { ToolResult } from '../port.ts'
import { act, Unanswered } from './actions.ts'
import { Cdp, type Params, socketLine } from './cdp.ts'
import { Downloads } from './downloads.ts'
import { installedChromium, launchChromium } from './launch.ts'
import { Page } from './page.ts'
import type { BrowserCall, BrowserInput, BrowserSettings } from './port.ts'

interface TargetInfo {
  readonly targetId: string
  readonly type: string
  readonly browserContextId?: string
}

const MOST_TABS = 20
const MOST_REFUSED = 50

export async function openBrowser(folder: string, agentId: string, settings: BrowserSettings): Promise<AgentBrowser> {
  const browser = new AgentBrowser(settings)
  await browser.start(join(folder, encodeURIComponent(agentId)))
  return browser
}

export class AgentBrowser {
  readonly #settings: BrowserSettings
  readonly #pages = new Map<string, Page>()
  /** Tabs on their way, by target. */
  readonly #opening = new Map<string, Promise<Page>>()
  /** Of a browser that is not ours: its own cookies, and none of its owner's tabs. */
  #context: string | undefined
  /** What was refused since it was last told, by host: Chromium asks for things of its own, too. */
  readonly #refused = new Map<string, string>()
  /** What tabs that are gone had to say. */
  #left: string[] = []
  #cdp: Cdp | undefined
  #proxy: Server | undefined
  #downloads: Downloads | undefined
  #stop: () => Promise<void> = async () => {}
  #current: Page | undefined
  #call: BrowserCall | undefined

  constructor(settings: BrowserSettings) {
    this.#settings = settings
  }

  get isAlive(): boolean {
    return this.#cdp?.ended === false
  }

  get pages(): readonly Page[] {
    return [...this.#pages.values()]
  }

  async start(profile: string): Promise<void> {
    const { endpoint, headless } = this.#settings
    try {
      if (endpoint === undefined) await this.#launch(profile, headless)
      else {
        this.#cdp = new Cdp(await socketLine(endpoint))
        const params = { disposeOnDetach: true }
        const { browserContextId } = await this.#send<{ browserContextId: string }>('Target.createBrowserContext', params)
        this.#context = browserContextId
      }
      await this.#watch(profile)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async act(input: BrowserInput, call: BrowserCall): Promise<ToolResult> {
    this.#call = call
    const result = await act(this, input, call).catch(async (error: unknown) => {
      if (error instanceof Unanswered && this.#current !== undefined) this.closePage(this.#current)
      throw new Error([messageOf(error), ...(await this.#notes(call))].join('\n'))
    })
    // A tab that the page opened meanwhile is the one that is shown.
    await Promise.allSettled(this.#opening.values())
    const notes = await this.#notes(call)
    if (notes.length === 0) return result
    const { content } = result
    const text = notes.join('\n')
    return {
      ...result,
      content: typeof content === 'string' ? `${content}\n${text}` : [...content, { type: 'text', text }],
    }
  }

  /** The tab that is worked in; by number from 1. */
  page(tab?: number): Page | undefined {
    if (tab === undefined) return this.#current
    const page = this.pages[tab - 1]
    if (page === undefined) throw new Error(`There is no tab ${tab}; there are ${this.#pages.size}.`)
    this.#current = page
    return page
  }

  async newPage(): Promise<Page> {
    if (this.#pages.size >= MOST_TABS) throw new Error(`There are ${MOST_TABS} tabs already; close some.`)
    const { targetId } = await this.#send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      ...(this.#context === undefined ? {} : { browserContextId: this.#context }),
    })
    const page = await this.#attach(targetId)
    this.#current = page
    return page
  }

  closePage(page: Page): void {
    // Not waited for: a page that is stuck closes late.
    void this.#send('Target.closeTarget', { targetId: page.targetId }).catch(() => {})
    this.#gone(page.targetId)
  }

  /** @throws GateError */
  async check(url: string): Promise<{ url: URL; addresses: readonly string[] }> {
    const { allowHosts } = this.#settings
    if (this.#call === undefined) throw new GateError('The browser is not in use.')
    try {
      return await this.#call.network.check(url, allowHosts === undefined ? {} : { hosts: allowHosts })
    } catch (error) {
      if (this.#refused.size < MOST_REFUSED) this.#refused.set(URL.canParse(url) ? new URL(url).hostname : url, messageOf(error))
      throw error
    }
  }

  async close(): Promise<void> {
    this.#cdp?.close()
    await this.#stop()
    this.#proxy?.closeAllConnections()
    this.#proxy?.close()
    await this.#downloads?.close()
  }

  async #launch(profile: string, headless: boolean): Promise<void> {
    const executable = this.#settings.executable ?? installedChromium()
    if (executable === undefined) throw new Error('No Chromium is installed; install one, or set `browser: { executable }`.')
    // Every request of every page goes out here, whatever makes it: documents, redirects, workers, sockets.
    const proxy = createCheckingProxy((url) => this.check(url))
    this.#proxy = proxy
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
    proxy.unref()
    const { port } = proxy.address() as AddressInfo
    const { cdp, close } = await launchChromium({ executable, headless, profile, proxyPort: port })
    this.#cdp = cdp
    this.#stop = close
  }

  async #watch(profile: string): Promise<void> {
    const cdp = this.#line()
    this.#downloads = new Downloads(cdp, `${profile}.downloads`)
    await this.#downloads.start(this.#context)
    cdp.on('Target.targetDestroyed', ({ targetId }) => this.#gone(String(targetId)))
    const { targetInfos } = await cdp.send<{ targetInfos: readonly { targetId: string }[] }>('Target.getTargets')
    const before = new Set(targetInfos.map(({ targetId }) => targetId))
    cdp.on('Target.targetCreated', ({ targetInfo }) => void this.#adopt(targetInfo as TargetInfo, before).catch(() => {}))
    await cdp.send('Target.setDiscoverTargets', { discover: true })
  }

  /** Tabs that pages open themselves. */
  async #adopt({ targetId, type, browserContextId }: TargetInfo, before: ReadonlySet<string>): Promise<void> {
    const isOurs = this.#context === undefined ? !before.has(targetId) : browserContextId === this.#context
    if (type !== 'page' || !isOurs || this.#opening.has(targetId)) return
    if (this.#pages.size >= MOST_TABS) return void (await this.#send('Target.closeTarget', { targetId }))
    this.#current = await this.#attach(targetId)
  }

  #attach(targetId: string): Promise<Page> {
    const known = this.#opening.get(targetId) ?? this.#attachNew(targetId)
    this.#opening.set(targetId, known)
    return known
  }

  async #attachNew(targetId: string): Promise<Page> {
    const { sessionId } = await this.#send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
    // A browser of ours has the proxy; of another each request is looked at as it is made.
    const check = this.#proxy === undefined ? (url: string) => this.check(url) : undefined
    const page = new Page(this.#line(), targetId, sessionId, check, () => this.closePage(page))
    this.#pages.set(targetId, page)
    await page.start()
    return page
  }

  #gone(targetId: string): void {
    const page = this.#pages.get(targetId)
    this.#pages.delete(targetId)
    this.#opening.delete(targetId)
    this.#left.push(...(page?.takeDialogs() ?? []))
    page?.end()
    if (this.#current === page) this.#current = this.pages.at(-1)
  }

  /** What happened beside the action. */
  async #notes({ paths }: BrowserCall): Promise<readonly string[]> {
    const dialogs = [...this.#left, ...this.pages.flatMap((page) => page.takeDialogs())]
    this.#left = []
    const downloads = (await this.#downloads?.take(paths)) ?? []
    const refused = [...this.#refused].filter(([host]) => this.pages.some((page) => page.asked.has(host)))
    this.#refused.clear()
    return [...dialogs, ...downloads, ...refused.map(([, why]) => `Refused: ${why}`)]
  }

  #line(): Cdp {
    if (this.#cdp === undefined) throw new Error('The browser is gone.')
    return this.#cdp
  }

  #send<T>(method: string, params: Params): Promise<T> {
    return this.#line().send<T>(method, params)
  }
}
