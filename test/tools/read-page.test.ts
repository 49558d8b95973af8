import t from 'tap'
import { readPage } from '../../src/tools/web/read-page.ts'
import { htmlToMarkdown, plainText } from '../../src/tools/web/readable.ts'

const URL = 'https://example.org/a/b'
const never = new AbortController().signal

t.test('pages become Markdown', async (t) => {
  const page = (body: string): string => htmlToMarkdown(`<html><head><title>T</title></head><body>${body}</body></html>`, URL)
  t.equal(page('<p>one <b>two</b> <em>three</em></p>'), '# T\n\none **two** _three_')
  t.equal(page('<ul><li><a href="c">link</a></li></ul>'), '# T\n\n-   [link](https://example.org/a/c)')
  t.match(page('<p><a href="javascript:alert(1)">odd</a></p>'), /\nodd$/)
  t.match(page('<p>a</p><img src="x.png" alt="A cat"><img src="y.png">'), /\[image: A cat\]$/)
  t.notMatch(page('<p>seen</p><p hidden>unseen</p><div aria-hidden="true">unseen</div><noscript>unseen</noscript>'), 'unseen')
  t.equal(page(''), '# T')
  t.equal(htmlToMarkdown('', URL), '[the page has no text]')
  t.equal(htmlToMarkdown('just text', URL), 'just text')
  t.equal(htmlToMarkdown('<p>torn <b>tag', URL), 'torn **tag**')
})

t.test('pages that are made to be slow are cut short', async (t) => {
  const slow = `<html><body>${'<section>'.repeat(110)}${'<p>a, b, c<table>'.repeat(20_000)}`
  const read = await readPage(slow, URL, never, 50)
  t.match(read, /^\[the page is too tangled[^\]]*\]\n\na, b, c/)
})

t.test('a turn that ends takes the thread along', async (t) => {
  const turn = new AbortController()
  const reading = readPage('<p>text</p>', URL, turn.signal)
  turn.abort()
  t.match(await reading, /too tangled/)
})

t.test('an ordinary page comes back whole', async (t) => {
  t.equal(await readPage('<p>text</p>', URL, never), 'text')
})

t.test('bare text', async (t) => {
  t.equal(plainText('<p>a\r\n\t b</p><script>x("</p>")</script>\n\n\n<i>c</i><style>'), 'a\nb\nc')
  t.equal(plainText(`${'\r'.repeat(200_000)}x`), 'x')
  t.equal(plainText('<'.repeat(200_000)).length, 200_000)
})
