// One action in a tab in, what the model is told of it out.

import type { ToolResult } from '../port.ts'
import type { AgentBrowser } from './agent-browser.ts'
import { saveToInbox } from './downloads.ts'
import { keyOf } from './keys.ts'
import type { Page, Place } from './page.ts'
import type { BrowserCall, BrowserInput } from './port.ts'
import { type Item, snapshotText } from './snapshot.ts'

/** No single action may take longer; a page can keep its own code running for ever. */
const ACTION_MS = 15_000
const WAIT_MS = 15_000
/** Longer texts are put in at once. */
const MOST_KEYS = 500

/** Its code runs for ever, or it is too large: nothing more can be done with it. */
export class Unanswered extends Error {
  constructor() {
    super(`The page did not answer within ${ACTION_MS / 1000} seconds, so its tab was closed.`)
    this.name = 'Unanswered'
  }
}

export async function act(browser: AgentBrowser, input: BrowserInput, call: BrowserCall): Promise<ToolResult> {
  const { action, tab, url } = input
  if (action === 'tabs') {
    if (tab !== undefined) browser.page(tab)
    return { content: await tabList(browser) }
  }
  if (action === 'open') {
    if (url === undefined) throw new Error('`open` wants a url.')
    await browser.check(url)
    const page = await pageToOpenIn(browser, tab)
    await bounded(page.open(url), call.signal)
    return { content: await snapshotOf(page, call.signal) }
  }
  const page = browser.page(tab)
  if (page === undefined) throw new Error('No page is open; use `open` with a url.')
  if (action === 'close') {
    browser.closePage(page)
    return { content: await tabList(browser) }
  }
  return await inPage(page, input, call)
}

/** A page that goes on by itself would take the tab away again, so it gives way to a new one. */
async function pageToOpenIn(browser: AgentBrowser, tab: number | undefined): Promise<Page> {
  const known = browser.page(tab)
  if (known === undefined) return await browser.newPage()
  if (tab !== undefined || !known.isRestless) return known
  const fresh = await browser.newPage()
  browser.closePage(known)
  return fresh
}

async function inPage(page: Page, input: BrowserInput, { signal, paths }: BrowserCall): Promise<ToolResult> {
  switch (input.action) {
    case 'snapshot':
      return { content: await snapshotOf(page, signal) }
    case 'screenshot': {
      const { data } = await bounded(page.send<{ data: string }>('Page.captureScreenshot', { format: 'png' }), signal)
      return { content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }] }
    }
    case 'pdf': {
      const { data } = await bounded(page.send<{ data: string }>('Page.printToPDF', { printBackground: true }), signal)
      const path = await saveToInbox('page.pdf', Buffer.from(data, 'base64'), paths)
      return { content: `Saved as ${path}` }
    }
    case 'wait':
      return { content: await waitFor(page, input.text, signal) }
    default:
      return { content: await changing(page, input, signal) }
  }
}

/** An action that may change the page: what it shows afterwards is told where it is another page. */
async function changing(page: Page, input: BrowserInput, signal: AbortSignal): Promise<string> {
  const before = page.navigations
  const done = await bounded(DOES[input.action as keyof typeof DOES](page, input), signal)
  await page.settle()
  if (page.navigations === before) return `${done} The page is the same one.`
  return `${done} Another page is shown.\n${await snapshotOf(page, signal)}`
}

type Does = (page: Page, input: BrowserInput) => Promise<string>

const DOES = {
  async click(page, { ref }) {
    const place = wanted(page, ref, 'click')
    await pointAt(page, place, ref ?? '')
    return `Clicked ${ref}.`
  },
  async type(page, { ref, text, key }) {
    const place = wanted(page, ref, 'type')
    if (text === undefined) throw new Error('`type` wants a text.')
    await onNode(
      page,
      place,
      'function () { this.focus(); if (this.select) this.select(); else getSelection().selectAllChildren(this) }',
    )
    await typeText(page, place.session, text)
    if (key !== undefined) await pressKey(page, place.session, key)
    return `Typed into ${ref}.`
  },
  async select(page, { ref, text }) {
    const place = wanted(page, ref, 'select')
    const chosen = await onNode<string | null>(page, place, SELECT, text ?? '')
    if (chosen === null) throw new Error(`${ref} has no option "${text ?? ''}", or is no list of options.`)
    return `Selected ${JSON.stringify(chosen)} in ${ref}.`
  },
  async press(page, { ref, key }) {
    if (key === undefined) throw new Error('`press` wants a key.')
    const place = ref === undefined ? undefined : wanted(page, ref, 'press')
    if (place !== undefined) await onNode(page, place, 'function () { this.focus() }')
    await pressKey(page, place?.session, key)
    return `Pressed ${key}.`
  },
  async scroll(page, { ref, text = 'down' }) {
    if (ref !== undefined) {
      const { session, node } = wanted(page, ref, 'scroll')
      await page.send('DOM.scrollIntoViewIfNeeded', { backendNodeId: node }, session)
      return `Scrolled to ${ref}.`
    }
    const expression = SCROLLS[text as keyof typeof SCROLLS]
    if (expression === undefined) throw new Error('`scroll` goes up, down, top or bottom.')
    await page.send('Runtime.evaluate', { expression })
    return `Scrolled ${text}.`
  },
} as const satisfies Record<string, Does>

const SCROLLS = {
  up: 'scrollBy(0, -innerHeight * 0.9)',
  down: 'scrollBy(0, innerHeight * 0.9)',
  top: 'scrollTo(0, 0)',
  bottom: 'scrollTo(0, document.documentElement.scrollHeight)',
} as const

/** By label or value; gives the label. */
const SELECT = `function (wanted) {
  if (!(this instanceof HTMLSelectElement)) return null
  const all = [...this.options]
  const found = all.find((one) => one.label.trim() === wanted || one.value === wanted) ?? all.find((one) => one.label.trim().toLowerCase() === wanted.toLowerCase())
  if (!found) return null
  found.selected = true
  this.dispatchEvent(new Event('input', { bubbles: true }))
  this.dispatchEvent(new Event('change', { bubbles: true }))
  return found.label.trim()
}`

function wanted(page: Page, ref: string | undefined, action: string): Place {
  if (ref === undefined) throw new Error(`\`${action}\` wants a ref.`)
  return page.place(ref)
}

/** Runs a function of ours on a node. @throws Error where the node is gone */
async function onNode<T>(
  page: Page,
  { session, node }: Place,
  functionDeclaration: string,
  ...values: readonly unknown[]
): Promise<T> {
  const { object } = await page
    .send<{ object: { objectId: string } }>('DOM.resolveNode', { backendNodeId: node }, session)
    .catch(() => gone())
  const { objectId } = object
  const params = { functionDeclaration, objectId, arguments: values.map((value) => ({ value })), returnByValue: true }
  const { result } = await page.send<{ result: { value: T } }>('Runtime.callFunctionOn', params, session)
  return result.value
}

const gone = (): never => {
  throw new Error('It is gone: the page changed. Take a snapshot for its refs.')
}

/** Moves the mouse there and clicks, as a person would. */
async function pointAt(page: Page, { session, node }: Place, ref: string): Promise<void> {
  await page.send('DOM.scrollIntoViewIfNeeded', { backendNodeId: node }, session).catch((error: Error) => {
    if (/node.*(?:not found|does not belong|detached)|No node/i.test(error.message)) gone()
  })
  const { quads } = await page
    .send<{ quads: readonly (readonly number[])[] }>('DOM.getContentQuads', { backendNodeId: node }, session)
    .catch(() => ({ quads: [] }))
  const [quad] = quads
  if (quad === undefined) throw new Error(`${ref} is not visible, or gone: the page changed. Take a snapshot for its refs.`)
  const x = average(quad.filter((_, index) => index % 2 === 0))
  const y = average(quad.filter((_, index) => index % 2 === 1))
  const mouse = (type: string, more = {}): Promise<unknown> =>
    page.send('Input.dispatchMouseEvent', { type, x, y, ...more }, session)
  await mouse('mouseMoved')
  // A dialog that a click opens holds its answer back until it is answered.
  await mouse('mousePressed', { button: 'left', clickCount: 1 })
  await mouse('mouseReleased', { button: 'left', clickCount: 1 })
}

const average = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** Key by key, so that the page hears what it hears of a person. */
async function typeText(page: Page, session: string, text: string): Promise<void> {
  if (text === '') return await pressKey(page, session, 'Delete')
  if (text.length > MOST_KEYS) return void (await page.send('Input.insertText', { text }, session))
  for (const character of text) {
    if (character === '\n') await pressKey(page, session, 'Enter')
    else {
      const key = { key: character, text: character, unmodifiedText: character }
      await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key }, session)
      await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }, session)
    }
  }
}

async function pressKey(page: Page, session: string | undefined, name: string): Promise<void> {
  const { text, ...key } = keyOf(name)
  const down = text === undefined ? { type: 'rawKeyDown', ...key } : { type: 'keyDown', text, ...key }
  await page.send('Input.dispatchKeyEvent', down, session)
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }, session)
}

async function waitFor(page: Page, text: string | undefined, signal: AbortSignal): Promise<string> {
  const end = Date.now() + WAIT_MS
  await page.settle(WAIT_MS)
  if (text === undefined) return await snapshotOf(page, signal)
  while (!signal.aborted && Date.now() < end) {
    const all = await bounded(page.items(), signal)
    const shows = all.some(({ items }) => items.some((item) => textOf(item).includes(text)))
    if (shows) return await snapshotOf(page, signal)
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error(`"${text}" did not appear within ${WAIT_MS / 1000} seconds.`)
}

const textOf = (item: Item): string => ('text' in item ? item.text : `${item.name} ${item.value ?? ''}`)

async function snapshotOf(page: Page, signal: AbortSignal): Promise<string> {
  const [{ title, url }, frames] = await bounded(Promise.all([page.title(), page.items()]), signal)
  const sessions = new Map<Item, string>(frames.flatMap(({ session, items }) => items.map((item) => [item, session] as const)))
  const all = frames.flatMap(({ items }) => items)
  const list = snapshotText(all, (control) => page.refOf(sessions.get(control) ?? '', control))
  // A page without a title has its address as one.
  return `${url.includes(title) ? '' : `${title}\n`}${url}\n${list === '' ? '[nothing can be acted on here]' : list}`
}

async function tabList(browser: AgentBrowser): Promise<string> {
  const current = browser.page()
  const lines = await Promise.all(
    browser.pages.map(async (page, index) => {
      const { title, url } = await page.title()
      return `${index + 1}. ${title} ${url}${page === current ? ' (current)' : ''}`
    }),
  )
  return lines.length === 0 ? 'No tab is open.' : lines.join('\n')
}

/** Gives up on a page that does not answer. */
async function bounded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {}
  const given = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Unanswered()), ACTION_MS)
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    stop = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  })
  work.catch(() => {})
  try {
    return await Promise.race([work, given])
  } finally {
    stop()
  }
}
