// Hostile text in the page, and hostile pages beside it, in a real browser.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { OWNER, started } from '../gateway/start.ts'
import { launchBrowser } from './browser.ts'

const browser = await launchBrowser(t)

if (browser !== null) {
  const ownerPage = async (t: Test, url: string): Promise<Page> => {
    const context = await browser.newContext()
    t.teardown(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`${url}/#key=${OWNER}`)
    await page.getByRole('button', { name: 'Agents' }).waitFor()
    return page
  }
  const say = async (page: Page, text: string): Promise<void> => {
    await page.getByLabel('Message').fill(text)
    await page.getByLabel('Message').press('Enter')
  }

  /** What hostile text would do if any of it were markup or script. */
  const HOSTILE = [
    '<img src=x onerror="window.hit=1">',
    '<script>window.hit=1</script>',
    '<svg onload="window.hit=1"><script>window.hit=1</script></svg>',
    '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
    '[a](javascript:window.hit=1) [b](JaVaScRiPt:window.hit=1) [c](data:text/html,<script>1</script>) [d](vbscript:x)',
    '![x](javascript:window.hit=1) <javascript:window.hit=1> https://x"onmouseover="window.hit=1',
    '`<img src=x onerror=window.hit=1>` **<b onclick=window.hit=1>x</b>** # <h1 onload=1>',
    '```html"onload="window.hit=1\n<script>window.hit=1</script>\n```',
    '| <img src=x onerror=window.hit=1> |\n|---|\n| {{constructor.constructor("window.hit=1")()}} |',
  ].join('\n\n')

  t.test('hostile text in messages, answers, questions and names stays text, in every view', async (t) => {
    const own = await started(t)
    const page = await ownerPage(t, own.gateway.url)
    await say(page, HOSTILE)
    await page.locator('.theirs pre code').waitFor()
    const asked = own.post('/chat', { user_id: '<img src=x onerror=window.hit=1>', message: `run ${HOSTILE}` })
    await page.getByRole('navigation').getByRole('button', { name: 'Approvals' }).click()
    await page.getByRole('button', { name: 'Deny' }).waitFor()
    for (const name of ['Activity', 'Agents', 'Sessions', 'Heartbeats', 'Reloads', 'Approvals', 'Chat'])
      await page.getByRole('navigation').getByRole('button', { name }).click()
    await page.locator('.theirs pre code').waitFor()
    t.equal(await page.locator('main img, main script, main iframe, main svg:not([aria-hidden]), main b').count(), 0)
    const hrefs = await page.locator('main a').evaluateAll((links) => links.map((one) => one.getAttribute('href') ?? ''))
    t.ok(
      hrefs.every((href) => /^(https?:|mailto:|#)/.test(href)),
      hrefs.join(' '),
    )
    for (const link of await page.locator('.theirs a').all()) await link.hover()
    t.equal(await page.evaluate('window.hit'), undefined)
    await page.getByRole('navigation').getByRole('button', { name: 'Approvals' }).click()
    await page.getByRole('button', { name: 'Deny' }).click()
    await asked
  })

  t.test('even markup that got into the page runs no script and calls nobody', async (t) => {
    const calls: string[] = []
    const foreign = createServer((request, response) => {
      calls.push(request.url ?? '')
      response.end('window.hit = 1')
    })
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    t.teardown(() => foreign.close())
    const there = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`
    const page = await ownerPage(t, (await started(t)).gateway.url)
    const blocked = await page.evaluate(`(async () => {
      const blocked = new Set()
      document.addEventListener('securitypolicyviolation', (event) => blocked.add(event.effectiveDirective))
      const place = document.createElement('div')
      document.body.append(place)
      place.innerHTML = '<img src="${there}/image" onerror="window.hit=1"><svg onload="window.hit=1"></svg>' +
        '<iframe src="${there}/frame"></iframe><object data="${there}/object"></object>' +
        '<form action="${there}/form" target="_self"><button>go</button></form>' +
        '<link rel="stylesheet" href="${there}/style"><a id="js" href="javascript:window.hit=1">x</a><base href="${there}/">'
      const inline = document.createElement('script')
      inline.textContent = 'window.hit = 1'
      const remote = document.createElement('script')
      remote.src = '${there}/script'
      place.append(inline, remote)
      place.querySelector('form').requestSubmit()
      document.getElementById('js').click()
      setTimeout('window.hit = 1')
      await fetch('${there}/fetch').catch(() => 0)
      new WebSocket('${there.replace('http', 'ws')}/socket').onerror = () => {}
      navigator.sendBeacon('${there}/beacon', 'x')
      await new Promise((resolve) => setTimeout(resolve, 300))
      return [...blocked].sort()
    })()`)
    t.equal(await page.evaluate('window.hit'), undefined, 'no script ran')
    t.same(calls, [], 'no server elsewhere was called')
    for (const directive of ['script-src-elem', 'script-src-attr', 'connect-src', 'frame-src', 'form-action', 'base-uri'])
      t.ok((blocked as string[]).includes(directive), `${directive} in ${String(blocked)}`)
  })

  t.test('the page stands in no frame of another', async (t) => {
    const { gateway } = await started(t)
    const framing = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end(`<iframe src="${gateway.url}/" onload="window.loaded=1"></iframe>`),
    )
    await new Promise<void>((resolve) => framing.listen(0, '127.0.0.1', resolve))
    t.teardown(() => framing.close())
    const context = await browser.newContext()
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${(framing.address() as AddressInfo).port}/`)
    await page.waitForFunction('window.loaded === 1')
    const frame = page.frames().find((one) => one !== page.mainFrame())
    t.equal(await frame?.getByLabel('Message').count(), 0)
  })

  t.test('a page of another origin gets nothing, not even with the token', async (t) => {
    const { gateway, engine } = await started(t, { tokenText: 'right-token' })
    const evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>evil</title>'))
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
    t.teardown(() => evil.close())
    const context = await browser.newContext()
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`)
    const got = await page.evaluate(`(async () => {
      const url = ${JSON.stringify(gateway.url)}
      const ask = async (path, options) => { try { return (await fetch(url + path, options)).status } catch { return 'blocked' } }
      const auth = { authorization: 'Bearer right-token' }
      const body = JSON.stringify({ user_id: 'ann', message: 'run this' })
      const socket = await new Promise((resolve) => {
        const ws = new WebSocket(url.replace('http', 'ws') + '/')
        ws.onopen = () => resolve('open')
        ws.onerror = () => resolve('blocked')
      })
      return [
        await ask('/status', { headers: auth }),
        await ask('/status'),
        await ask('/chat', { method: 'POST', headers: { ...auth, 'content-type': 'application/json' }, body }),
        await ask('/chat', { method: 'POST', body }),
        socket,
      ]
    })()`)
    t.same(got, ['blocked', 'blocked', 'blocked', 'blocked', 'blocked'])
    await page.evaluate(
      `fetch(${JSON.stringify(gateway.url)} + '/chat', { method: 'POST', mode: 'no-cors', body: '{"user_id":"ann","message":"run this"}' }).catch(() => 0)`,
    )
    t.equal(engine.turns, 0)
  })
}
