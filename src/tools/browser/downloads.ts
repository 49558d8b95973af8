// What pages download: kept apart until it is whole, then a file of the agent's inbox.

import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { safeName } from '../../channels/media.ts'
import { messageOf } from '../../errors.ts'
import type { PathGate } from '../../permissions/port.ts'
import type { Cdp } from './cdp.ts'

const MOST_BYTES = 50 * 1024 * 1024
const MOST_OF_A_NAME = 1_000
/** How long an action waits for a download that it began. */
const WAIT_MS = 10_000

interface Download {
  readonly name: string
  state: 'inProgress' | 'completed' | 'canceled'
  why?: string
}

export class Downloads {
  readonly #cdp: Cdp
  readonly #folder: string
  readonly #all = new Map<string, Download>()
  #wake = (): void => {}

  constructor(cdp: Cdp, folder: string) {
    this.#cdp = cdp
    this.#folder = join(folder, randomUUID())
  }

  async start(browserContextId: string | undefined): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    this.#cdp.on('Browser.downloadWillBegin', ({ guid, suggestedFilename }) => {
      this.#all.set(String(guid), { name: safeName(String(suggestedFilename)), state: 'inProgress' })
    })
    this.#cdp.on('Browser.downloadProgress', ({ guid, state, receivedBytes }) => {
      const one = this.#all.get(String(guid))
      if (one === undefined) return
      if (Number(receivedBytes) > MOST_BYTES && one.state === 'inProgress') {
        one.why = `it is larger than ${MOST_BYTES} bytes`
        void this.#cdp.send('Browser.cancelDownload', { guid }).catch(() => {})
      }
      one.state = one.why === undefined ? (state as Download['state']) : 'canceled'
      this.#wake()
    })
    const params = { behavior: 'allowAndName', downloadPath: this.#folder, eventsEnabled: true }
    const context = browserContextId === undefined ? {} : { browserContextId }
    await this.#cdp.send('Browser.setDownloadBehavior', { ...params, ...context })
  }

  /** Those that ended, each in a line; those that take longer are told later. */
  async take(paths: PathGate): Promise<readonly string[]> {
    const end = Date.now() + WAIT_MS
    while ([...this.#all.values()].some(({ state }) => state === 'inProgress') && Date.now() < end)
      await new Promise<void>((done) => {
        this.#wake = done
        setTimeout(done, 200)
      })
    const lines: string[] = []
    for (const [guid, one] of this.#all) {
      if (one.state === 'inProgress') continue
      this.#all.delete(guid)
      lines.push(
        one.state === 'completed'
          ? await this.#keep(guid, one.name, paths)
          : `Not downloaded: ${one.name}: ${one.why ?? 'it was broken off'}`,
      )
    }
    return lines
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #keep(guid: string, name: string, paths: PathGate): Promise<string> {
    const file = join(this.#folder, guid)
    try {
      if ((await stat(file)).size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`)
      return `Downloaded: ${await saveToInbox(name, await readFile(file), paths)}`
    } catch (error) {
      return `Not downloaded: ${name}: ${messageOf(error)}`
    } finally {
      await rm(file, { force: true })
    }
  }
}

/** A file of the workspace's `inbox/`; nothing there is overwritten. Gives its path. */
export async function saveToInbox(name: string, data: Buffer, paths: PathGate): Promise<string> {
  const extension = extname(name)
  const stem = name.slice(0, name.length - extension.length)
  for (let count = 1; count <= MOST_OF_A_NAME; count++) {
    const path = `inbox/${count === 1 ? name : `${stem}-${count}${extension}`}`
    if ((await paths.writeNew(path, data)) !== null) return path
  }
  throw new Error('there are too many files of that name')
}
