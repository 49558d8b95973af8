import fc from 'fast-check'
import t from 'tap'
import { parseTelegramHtml } from '../../../src/channels/telegram/fake/html.ts'
import {
  htmlLength,
  PLAIN,
  renderMarkdown,
  SLACK_MRKDWN,
  TELEGRAM_HTML,
  toDiscord,
  WHATSAPP,
} from '../../../src/channels/text/markdown.ts'

const source = `# Head *x*

Some **bold _and_ more**, \`a<b\`, ~~gone~~ and [link](https://x.org/?a=1&b=2).

1. one
2. two
   - deep

- [x] done

> quote
> > deeper

\`\`\`ts
const a = "<&>"
\`\`\`

---

| a | bb |
|---|---|
| 1 | 2 |`

t.test('Telegram', async (t) => {
  t.equal(
    renderMarkdown(source, TELEGRAM_HTML),
    `<b>Head <i>x</i></b>

Some <b>bold <i>and</i> more</b>, <code>a&lt;b</code>, <s>gone</s> and <a href="https://x.org/?a=1&amp;b=2">link</a>.

1. one
2. two
  • deep

• ☑ done

<blockquote>quote

deeper</blockquote>

<pre><code class="language-ts">const a = "&lt;&amp;&gt;"</code></pre>

———

<pre>a | bb
--+---
1 | 2</pre>`.replace('• ☑', '☑'),
  )
})

t.test('Slack', async (t) => {
  const out = renderMarkdown(source, SLACK_MRKDWN)
  t.match(out, /^\*Head _x_\*\n/)
  t.match(out, '*bold _and_ more*, `a&lt;b`, ~gone~ and <https://x.org/?a=1&amp;b=2|link>')
  t.match(out, '> quote')
})

t.test('WhatsApp and plain', async (t) => {
  t.match(renderMarkdown(source, WHATSAPP), 'link (https://x.org/?a=1&b=2)')
  t.match(renderMarkdown(source, PLAIN), 'Some bold and more, a<b, gone')
})

t.test('Discord keeps Markdown, tables become code', async (t) => {
  const out = toDiscord(source)
  t.match(out, '**bold _and_ more**')
  t.match(out, '```\na | bb\n--+---\n1 | 2\n```')
})

t.test('links that are no links stay text', async (t) => {
  t.equal(renderMarkdown('[x](javascript:alert(1))', TELEGRAM_HTML), 'x')
  t.equal(renderMarkdown('<b>raw</b>', TELEGRAM_HTML), '&lt;b&gt;raw&lt;/b&gt;')
})

t.test('whatever the text, the platform can read it', async () => {
  const piece = fc.constantFrom(
    '*',
    '**',
    '_',
    '`',
    '```',
    '\n',
    '> ',
    '- ',
    '<',
    '>',
    '&',
    '[',
    '](http://x)',
    '|',
    'a',
    'b ',
    '# ',
    '~~',
    '1. ',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const out = renderMarkdown(pieces.join(''), TELEGRAM_HTML)
      const read = parseTelegramHtml(out)
      return !('error' in read) && read.text.length === htmlLength(out)
    }),
    { numRuns: 500 },
  )
})
