// Large pages and pages that work against the reader: the browser tool answers, and goes on.

import t from 'tap'
import { estimateText } from '../../src/sessions/tokens.ts'
import { openBrowser, serve, skip } from '../support/browser.ts'

t.setTimeout(120_000)

t.test('a page with 200 controls, and hostile ones', { skip, timeout: 90_000 }, async (t) => {
  const controls = Array.from(
    { length: 50 },
    (_, n) => `<a href="#${n}">Item ${n}</a><button>Add ${n}</button><input aria-label="Qty ${n}"><button>Del ${n}</button>`,
  )
  const { url } = await serve(t, {
    '/': `<title>Shop</title>${controls.join('')}`,
    '/alerts': '<script>setTimeout(() => { for (;;) alert("again") }, 50)</script><h1>Alerts</h1>',
    '/itself': '<script>setTimeout(() => { location = "/itself?" + Math.random() }, 30)</script><h1>Itself</h1>',
    '/heavy': `<h1>Heavy</h1>${'<p>words and <b>more</b> words</p>'.repeat(30_000)}<button>Last</button>`,
  })
  const { act } = await openBrowser(t)
  const shop = await act({ action: 'open', url })
  t.equal(shop.match(/ref_\d+/g)?.length, 200)
  const tokens = estimateText(shop)
  t.comment(`${tokens} tokens for 200 controls`)
  t.ok(tokens < 900, `${tokens}`)
  t.match(await act({ action: 'open', url: `${url}/heavy` }), /button "Last"/, 'with its controls')
  const alerts = async (): Promise<string> => {
    const opened = await act({ action: 'open', url: `${url}/alerts` })
    return `${opened}\n${await act({ action: 'wait' })}`
  }
  t.match(await alerts().catch((error: Error) => error.message), /dialogs without end, so it was stopped|did not answer within/)
  t.match(await act({ action: 'open', url: `${url}/itself` }).catch((error: Error) => error.message), /\/itself|did not answer/)
  t.match(await act({ action: 'open', url }), /^Shop/, 'it goes on after all of them')
})
