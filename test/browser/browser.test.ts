// The browser tool on a real Chromium and pages of this machine.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser, refIn, serve, skip } from '../support/browser.ts'
import { until } from '../support/channel-host.ts'

t.setTimeout(120_000)

t.test('a form is filled as a person would, and sent', { skip }, async (t) => {
  const { url, seen } = await serve(t, {
    '/': `<title>Order</title><h1>Order tea</h1><form method=post action=/done>
      <label>Name <input name=name value=old></label> <label>Kind <select name=kind><option>Green<option value=b>Black</select></label>
      <label><input type=checkbox name=milk> Milk</label> <button>Send</button></form>
      <script>document.querySelector('input').addEventListener('keydown', e => { document.title = 'key ' + e.key })</script>`,
    '/done': '<title>Done</title><h1>Thanks</h1><p>We brew it now.</p>',
  })
  const { act } = await openBrowser(t)
  const first = await act({ action: 'open', url })
  t.match(first, /^Order\nhttp:.*\nref_\d+ heading "Order tea" \(level 1\)/)
  t.equal(
    await act({ action: 'type', ref: refIn(first, 'textbox "Name"'), text: 'Ann Ö' }),
    `Typed into ${refIn(first, 'textbox "Name"')}. The page is the same one.`,
  )
  t.match(await act({ action: 'select', ref: refIn(first, 'combobox "Kind"'), text: 'Black' }), /Selected "Black"/)
  await act({ action: 'click', ref: refIn(first, 'checkbox "Milk"') })
  const filled = await act({ action: 'snapshot' })
  t.match(filled, /^key Ö\n/, 'the page heard the keys')
  t.equal(refIn(filled, 'textbox "Name" = Ann Ö'), refIn(first, 'textbox "Name"'), 'a ref stays while the page does')
  t.match(filled, /checkbox "Milk" = checked/)
  const sent = await act({ action: 'click', ref: refIn(filled, 'button "Send"') })
  t.match(sent, /Another page is shown\.\nDone\n.*\/done\nref_\d+ heading "Thanks" \(level 1\)\nWe brew it now\./)
  t.ok(seen.includes('POST /done name=Ann+%C3%96&kind=b&milk=on'), seen.join('\n'))
  await t.rejects(act({ action: 'click', ref: refIn(filled, 'button "Send"') }), /is of an earlier page: the page changed/)
  await t.rejects(act({ action: 'click', ref: 'ref_9999' }), /There is no ref_9999/)
})

t.test('no request leaves for what the gate refuses: address, redirect, picture, frame, script', { skip }, async (t) => {
  const other = await serve(t, { '/': 'inside' })
  const port = new URL(other.url).port
  const bad = `http://127.0.0.2:${port}`
  const { url, seen } = await serve(t, {
    '/': `<h1>Hi</h1><img src="${bad}/img"><iframe src="${bad}/frame"></iframe><script>
      fetch('${bad}/fetch').catch(() => {}); new WebSocket('ws://127.0.0.2:${port}/socket'); navigator.sendBeacon('${bad}/beacon')
      new Worker(URL.createObjectURL(new Blob(["fetch('${bad}/worker')"])))</script>`,
    '/away': { headers: { location: `${bad}/redirect` }, body: '', status: 302 },
  })
  const { act } = await openBrowser(t)
  const snapshot = await act({ action: 'open', url })
  t.match(snapshot, /heading "Hi"/)
  t.match(`${snapshot}\n${await act({ action: 'wait' })}`, /Refused: The host 127\.0\.0\.2 is not in `allowHosts`/)
  t.match(await act({ action: 'open', url: `${url}/away` }), /Refused|not in `allowHosts`/)
  await t.rejects(act({ action: 'open', url: 'http://169.254.169.254/latest' }), /is not in `allowHosts`/)
  await t.rejects(act({ action: 'open', url: 'file:///etc/passwd' }), /allowHosts|Only http/)
  t.same(other.seen, [])
  t.ok(seen.length >= 2)
})

t.test('a local host is open only where it is written out, and the agent’s own list narrows', { skip }, async (t) => {
  const { url } = await serve(t, { '/': '<h1>Hi</h1>' })
  for (const [allowHosts, agent] of [
    [['127.*'], {}],
    [['*'], {}],
    [['127.0.0.1'], { allowHosts: ['*.example.org'] }],
  ] as const) {
    const { act, host } = await openBrowser(t, { allowHosts }, agent)
    await t.rejects(act({ action: 'open', url }), /no public one|not among those/, JSON.stringify([allowHosts, agent]))
    await host.close()
  }
})

t.test('frames, shadow roots, dialogs and downloads', { skip }, async (t) => {
  const { url } = await serve(t, {
    '/': `<iframe src=/frame></iframe><div id=host></div><button onclick="alert('Careful'); this.textContent = confirm('Sure?')">Ask</button>
      <a href=/file>Get it</a><script>
      const root = document.getElementById('host').attachShadow({ mode: 'closed' })
      root.innerHTML = '<button>Hidden</button>'; root.firstChild.onclick = e => { e.target.textContent = 'Found' }</script>`,
    '/frame': "<input aria-label=Inner><button onclick=\"document.querySelector('input').value = 'clicked'\">In</button>",
    '/file': { headers: { 'content-disposition': 'attachment; filename="../re port.txt"' }, body: 'the file' },
  })
  const { act, folder } = await openBrowser(t)
  const first = await act({ action: 'open', url })
  await act({ action: 'click', ref: refIn(first, 'button "In"') })
  await act({ action: 'click', ref: refIn(first, 'button "Hidden"') })
  const asked = await act({ action: 'click', ref: refIn(first, 'button "Ask"') })
  t.match(asked, /dialog \(alert\): Careful/)
  t.match(asked, /dialog \(confirm\): Sure\?/)
  const second = await act({ action: 'snapshot' })
  t.match(second, /textbox "Inner" = clicked/)
  t.match(second, /button "Found"/)
  t.match(second, /button "false"/, 'what asks is answered with no')
  const got = await act({ action: 'click', ref: refIn(second, 'link "Get it"') })
  const [, path = ''] = /Downloaded: (inbox\/.+)/.exec(got) ?? []
  t.equal(await readFile(join(folder, 'work', path), 'utf8').catch(() => got), 'the file')
})

t.test('tabs, keys, scrolling, waiting, pictures and PDF', { skip }, async (t) => {
  const { url } = await serve(t, {
    '/': `<title>One</title><a href=/two target=_blank>Two</a><input aria-label=Search onkeydown="if (event.key === 'Enter') document.title = 'entered'">
      <script>setTimeout(() => { document.body.append('It is late') }, 600)</script><div style="height:5000px"></div>`,
    '/two': '<title>Second</title><h1>Two</h1>',
  })
  const { act, folder } = await openBrowser(t)
  const first = await act({ action: 'open', url })
  t.match(await act({ action: 'wait', text: 'It is late' }), /It is late/)
  await act({ action: 'press', ref: refIn(first, 'textbox "Search"'), key: 'Enter' })
  t.match(await act({ action: 'snapshot' }), /^entered\n/)
  t.match(await act({ action: 'scroll', text: 'bottom' }), /Scrolled bottom/)
  await t.rejects(act({ action: 'press', key: 'Nope' }), /There is no key "Nope"/)
  await act({ action: 'click', ref: refIn(first, 'link "Two"') })
  await until('the new tab', async () => (await act({ action: 'tabs' })).includes('Second'))
  t.match(await act({ action: 'wait' }), /^Second\n/)
  t.match(await act({ action: 'tabs' }), /^1\. entered .*\n2\. Second .* \(current\)$/)
  t.match(await act({ action: 'close', tab: 2 }), /^1\. entered .* \(current\)$/)
  t.match(await act({ action: 'screenshot' }), /"media_type":"image\/png"/)
  t.match(await act({ action: 'pdf' }), /Saved as inbox\/page\.pdf/)
  t.equal((await readFile(join(folder, 'work/inbox/page.pdf'))).subarray(0, 4).toString(), '%PDF')
  t.equal(await act({ action: 'close' }), 'The browser is closed.')
  await t.rejects(act({ action: 'snapshot' }), /No page is open/)
})
