// A browser tool in a folder of its own, on a real Chromium, and pages of this machine for it.

import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createNetworkGate } from '../../src/permissions/network.ts'
import { createPathGate } from '../../src/permissions/paths.ts'
import { silentLogger } from '../../src/ports.ts'
import { createBrowserHost } from '../../src/tools/browser/host.ts'
import { installedChromium } from '../../src/tools/browser/launch.ts'
import type { BrowserInput, BrowserSettings } from '../../src/tools/browser/port.ts'
import { testdir } from './testdir.ts'

const isMissing = installedChromium() === undefined && process.env['CI'] === undefined
if (isMissing) t.comment('NO CHROMIUM HERE: the browser is not tested')
/** Why tests of the browser are left out; false: they are not. In CI a Chromium must be there. */
export const skip = isMissing ? 'no Chromium is installed' : false

type Pages = Readonly<
  Record<string, string | { readonly headers: Record<string, string>; readonly body: string; readonly status?: number }>
>

export async function serve(t: Test, pages: Pages): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString('utf8')
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    seen.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`)
    const page = pages[path]
    if (page === undefined) return void response.writeHead(404).end()
    const { headers, body: text, status = 200 } = typeof page === 'string' ? { headers: {}, body: page } : page
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(text)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

export async function openBrowser(
  t: Test,
  settings: Partial<BrowserSettings> = {},
  agent: { allowHosts?: readonly string[] } = {},
) {
  const folder = testdir(t)
  await mkdir(join(folder, 'work'))
  const host = createBrowserHost(join(folder, 'browser'))
  t.teardown(() => host.close())
  const network = createNetworkGate({ denyHosts: [], ...agent })
  const paths = createPathGate({ roots: [{ path: join(folder, 'work'), access: 'write' }], protectedPaths: [] })
  const call = {
    agentId: 'main',
    settings: { headless: true, allowHosts: ['127.0.0.1', 'localhost'], ...settings },
    network,
    paths,
    signal: new AbortController().signal,
    log: silentLogger,
  }
  const act = async (input: BrowserInput): Promise<string> => {
    const { content } = await host.act(input, call)
    return typeof content === 'string' ? content : JSON.stringify(content).slice(0, 200)
  }
  return { act, host, folder }
}

/** The ref of the control that fits, such as `textbox "Name"`. */
export function refIn(snapshot: string, control: string): string {
  const line = snapshot.split('\n').find((one) => one.includes(control))
  return /ref_\d+/.exec(line ?? '')?.[0] ?? `none for ${control} in:\n${snapshot}`
}
