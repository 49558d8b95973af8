// One tab: its frames, its dialogs, and the refs its controls are known by until it shows another page.

import { headOf } from '../../text-cut.ts'
import type { Cdp, Params } from './cdp.ts'
import { type AxNode, type Control, type Item, readTree } from './snapshot.ts'

/** Looks at an address; rejects where it may not be reached. */
type Check = (url: string) => Promise<unknown>

/** Where a control is: the session of its frame, and its node there. */
export interface Place {
  readonly session: string
  readonly node: number
}

const LOAD_MS = 8_000
/** The page counts as settled once nothing was loaded for so long. */
const QUIET_MS = 100
const SETTLE_MS = 3_000
const RESTLESS_MS = 300
const MOST_DIALOGS = 50
const MOST_HOSTS = 1_000
/** A page of more elements is not read as a whole. */
const MOST_ELEMENTS = 15_000

export class Page {
  readonly targetId: string
  readonly #cdp: Cdp
  readonly #check: Check | undefined
  /** The page can no longer be worked with. */
  readonly #giveUp: () => void
  /** The tab's own session, and those of frames that have a process of their own. */
  readonly #sessions = new Set<string>()
  readonly #main: string
  readonly #off: (() => void)[] = []
  #places = new Map<string, Place>()
  #refs = new Map<string, string>()
  #next = 1
  #dialogs: string[] = []
  #dialogCount = 0
  #loading = false
  #navigations = 0
  #busyUntil = 0
  #wake = (): void => {}
  /** Hosts that its pages asked for. */
  readonly asked = new Set<string>()

  constructor(cdp: Cdp, targetId: string, session: string, check: Check | undefined, giveUp: () => void) {
    this.#cdp = cdp
    this.targetId = targetId
    this.#main = session
    this.#check = check
    this.#giveUp = giveUp
  }

  async start(): Promise<void> {
    this.#listen('Page.javascriptDialogOpening', (params, session) => void this.#onDialog(params, session))
    this.#listen('Page.frameNavigated', ({ frame }, session) => {
      if (session === this.#main && (frame as { parentId?: string }).parentId === undefined) this.#onNavigated()
    })
    this.#listen('Page.frameStartedNavigating', (_, session) => {
      if (session === this.#main) this.#setLoading(true)
    })
    this.#listen('Page.frameStartedLoading', () => this.#setLoading(true))
    this.#listen('Page.loadEventFired', (_, session) => {
      if (session === this.#main) this.#setLoading(false)
    })
    this.#listen('Page.frameStoppedLoading', () => this.#setLoading(false))
    this.#listen('Target.attachedToTarget', (params, session) => {
      if (session !== undefined && this.#sessions.has(session)) void this.#adoptFrame(params).catch(() => {})
    })
    this.#listen('Target.detachedFromTarget', ({ sessionId }) => void this.#sessions.delete(String(sessionId)))
    this.#listen('Fetch.requestPaused', (params, session) => void this.#onRequest(params, session).catch(() => {}))
    this.#listen('Network.requestWillBeSent', ({ request }) => this.#onAsked((request as { url: string }).url))
    this.#listen('Network.webSocketCreated', ({ url }) => this.#onAsked(String(url)))
    await this.#enable(this.#main)
  }

  end(): void {
    for (const off of this.#off.splice(0)) off()
    for (const session of this.#sessions) this.#cdp.leave(session)
    this.#setLoading(false)
  }

  send<T = Params>(method: string, params: Params = {}, session: string = this.#main): Promise<T> {
    return this.#cdp.send<T>(method, params, session)
  }

  /** Goes to an address and waits until it is there. @throws Error with why it is not */
  async open(url: string): Promise<void> {
    this.#setLoading(true)
    const { errorText } = await this.send<{ errorText?: string }>('Page.navigate', { url })
    if (errorText !== undefined && errorText !== 'net::ERR_ABORTED') {
      this.#setLoading(false)
      throw new Error(`${headOf(url, 200)} cannot be opened: ${errorText}.`)
    }
    if (errorText !== undefined) this.#setLoading(false)
    await this.settle(LOAD_MS)
  }

  /** Whether it goes from page to page by itself, or has not come to rest yet. */
  get isRestless(): boolean {
    return this.#loading || Date.now() < this.#busyUntil + RESTLESS_MS
  }

  /** How often another page was shown. */
  get navigations(): number {
    return this.#navigations
  }

  /** Waits until nothing loads, at most `mostMs`. */
  async settle(mostMs = SETTLE_MS): Promise<void> {
    const end = Date.now() + mostMs
    this.#busyUntil = Math.max(this.#busyUntil, Date.now() + QUIET_MS / 2)
    while (Date.now() < end) {
      const left = this.#loading ? end - Date.now() : this.#busyUntil - Date.now()
      if (left <= 0) return
      await new Promise<void>((done) => {
        const timer = setTimeout(done, Math.min(left, end - Date.now()))
        this.#wake = () => {
          clearTimeout(timer)
          done()
        }
      })
    }
  }

  async title(): Promise<{ readonly title: string; readonly url: string }> {
    const { targetInfo } = await this.#cdp.send<{ targetInfo: { title: string; url: string } }>('Target.getTargetInfo', {
      targetId: this.targetId,
    })
    return { title: headOf(targetInfo.title, 200), url: headOf(targetInfo.url, 300) }
  }

  /** All that can be acted on, with its frames. */
  async items(): Promise<readonly { readonly session: string; readonly items: readonly Item[] }[]> {
    const all: { session: string; items: readonly Item[] }[] = []
    for (const session of this.#sessions) {
      const params = { expression: 'document.getElementsByTagName("*").length', returnByValue: true }
      const { result } = await this.send<{ result: { value: number } }>('Runtime.evaluate', params, session)
      if (result.value > MOST_ELEMENTS) all.push({ session, items: await this.#firstItems(session) })
      else all.push(...(await this.#allItems(session)))
    }
    return all
  }

  async #allItems(session: string): Promise<{ session: string; items: readonly Item[] }[]> {
    const { frameTree } = await this.send<{ frameTree: FrameTree }>('Page.getFrameTree', {}, session)
    const all: { session: string; items: readonly Item[] }[] = []
    for (const frameId of framesOf(frameTree)) {
      const tree = this.send<{ nodes: readonly AxNode[] }>('Accessibility.getFullAXTree', { frameId }, session)
      const { nodes } = await tree.catch(() => ({ nodes: [] }))
      all.push({ session, items: readTree(nodes) })
    }
    return all
  }

  /** The first controls of a page that is too large to be read as a whole. */
  async #firstItems(session: string): Promise<readonly Item[]> {
    const expression = `[...document.querySelectorAll(${JSON.stringify(CONTROLS)})].slice(0, ${MOST_FIRST})`
    const group = { objectGroup: 'snapshot' }
    const { result } = await this.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression, ...group }, session)
    const own = { objectId: result.objectId, ownProperties: true }
    const found = await this.send<{ result: readonly { value?: { objectId?: string } }[] }>('Runtime.getProperties', own, session)
    const items: Item[] = [{ text: '[a very large page: its texts and further controls are left out]' }]
    for (const { value } of found.result) {
      if (value?.objectId === undefined) continue
      const wanted = { objectId: value.objectId, fetchRelatives: false }
      const { nodes } = await this.send<{ nodes: readonly AxNode[] }>('Accessibility.getPartialAXTree', wanted, session)
      items.push(...readTree(nodes))
    }
    await this.send('Runtime.releaseObjectGroup', group, session)
    return items
  }

  /** The same control has the same ref while the page stays. */
  refOf(session: string, { node }: Control): string {
    const key = `${session} ${node}`
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    const ref = `ref_${this.#next++}`
    this.#refs.set(key, ref)
    this.#places.set(ref, { session, node })
    return ref
  }

  /** @throws Error where the page changed since */
  place(ref: string): Place {
    const place = this.#places.get(ref)
    if (place !== undefined) return place
    const isOld = /^ref_\d+$/.test(ref) && Number(ref.slice(4)) < this.#next
    throw new Error(
      isOld
        ? `${ref} is of an earlier page: the page changed. Take a snapshot for its refs.`
        : `There is no ${ref}; take a snapshot for the refs of this page.`,
    )
  }

  takeDialogs(): readonly string[] {
    const told = this.#dialogs
    this.#dialogs = []
    this.#dialogCount = 0
    return told
  }

  async #enable(session: string): Promise<void> {
    this.#sessions.add(session)
    const on = (method: string, params: Params = {}): Promise<unknown> => this.send(method, params, session)
    await Promise.all([
      on('Page.enable'),
      on('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 }),
      on('Accessibility.enable'),
      ...(this.#check === undefined ? [] : [on('Fetch.enable', { patterns: [{ urlPattern: '*' }] })]),
      on('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }),
    ])
  }

  /** Frames and workers wait until they are looked after. */
  async #adoptFrame({ sessionId, targetInfo }: Params): Promise<void> {
    const session = String(sessionId)
    const { type } = targetInfo as { type: string }
    if (type === 'iframe') await this.#enable(session).catch(() => {})
    else if (this.#check !== undefined)
      await this.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }, session).catch(() => {})
    await this.send('Runtime.runIfWaitingForDebugger', {}, session)
  }

  async #onRequest({ requestId, request }: Params, session: string | undefined): Promise<void> {
    const { url } = request as { url: string }
    if (session === undefined || this.#check === undefined) return
    // What never leaves the browser.
    const isInside = /^(?:data|blob|about):/.test(url)
    const allowed =
      isInside ||
      (await this.#check(url.replace(/^ws/, 'http')).then(
        () => true,
        () => false,
      ))
    if (allowed) await this.send('Fetch.continueRequest', { requestId }, session)
    else await this.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' }, session)
  }

  /** An alert is taken note of; what asks is answered with no. */
  async #onDialog({ type, message }: Params, session: string | undefined): Promise<void> {
    if (session === undefined || !this.#sessions.has(session)) return
    if (this.#dialogCount++ < 5) this.#dialogs.push(`The page showed a dialog (${type}): ${headOf(String(message), 300)}`)
    const accept = type === 'alert' || type === 'beforeunload'
    await this.send('Page.handleJavaScriptDialog', { accept }, session).catch(() => {})
    // A page that does nothing else is left.
    if (this.#dialogCount === MOST_DIALOGS) {
      this.#dialogs.push('The page showed dialogs without end, so it was stopped.')
      this.#giveUp()
    }
  }

  #onAsked(url: string): void {
    if (this.asked.size < MOST_HOSTS && URL.canParse(url)) this.asked.add(new URL(url).hostname)
  }

  #onNavigated(): void {
    this.#navigations++
    this.#places = new Map()
    this.#refs = new Map()
  }

  #setLoading(loading: boolean): void {
    this.#loading = loading
    this.#busyUntil = Date.now() + QUIET_MS
    this.#wake()
  }

  #listen(method: string, listener: (params: Params, session: string | undefined) => void): void {
    this.#off.push(
      this.#cdp.on(method, (params, session) => {
        if (session !== undefined && (session === this.#main || this.#sessions.has(session))) listener(params, session)
      }),
    )
  }
}

const CONTROLS =
  'a[href], button, input:not([type=hidden]), select, textarea, h1, h2, [role=button], [role=link], [role=textbox], [role=checkbox]'
const MOST_FIRST = 200

interface FrameTree {
  readonly frame: { readonly id: string }
  readonly childFrames?: readonly FrameTree[]
}

const framesOf = ({ frame, childFrames = [] }: FrameTree): readonly string[] => [frame.id, ...childFrames.flatMap(framesOf)]
