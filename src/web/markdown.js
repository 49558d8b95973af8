// A small Markdown: text enters, DOM nodes leave. What it doesn't know stays as it was written. Links go to the web or to
// mail only; images become links, because loading one would tell its server what is read here.

import { h } from './dom.js'

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+-]*)/
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/
const INLINE =
  /(`+)([^`]|[^`].*?[^`])\1(?!`)|!?\[([^\]\n]*)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>)\]]+)|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|~~([^~\n]+)~~|\b_([^_\n]+)_\b/

function link(text, target) {
  return /^(https?:|mailto:)/i.test(target)
    ? h('a', { href: target, target: '_blank', rel: 'noopener noreferrer' }, text)
    : `${text} (${target})`
}

export function inline(text) {
  const nodes = []
  let rest = text
  while (rest !== '') {
    const match = INLINE.exec(rest)
    if (match === null) break
    const [whole, , code, label, target, url, bold, italic, gone, soft] = match
    nodes.push(rest.slice(0, match.index))
    if (code !== undefined) nodes.push(h('code', {}, code.trim() || code))
    else if (target !== undefined) nodes.push(link(label || target, target))
    else if (url !== undefined) nodes.push(link(url, url))
    else if (bold !== undefined) nodes.push(h('strong', {}, inline(bold)))
    else if (gone !== undefined) nodes.push(h('s', {}, inline(gone)))
    else nodes.push(h('em', {}, inline(italic ?? soft)))
    rest = rest.slice(match.index + whole.length)
  }
  nodes.push(rest)
  return nodes.filter((node) => node !== '')
}

/** Lines with their breaks kept: chats mean them. */
const lines = (list) => list.flatMap((line, index) => (index === 0 ? inline(line) : [h('br'), ...inline(line)]))

export function markdown(text) {
  const source = text.split('\n')
  const blocks = []
  let i = 0
  let paragraph = []
  const flush = () => {
    if (paragraph.length > 0) blocks.push(h('p', {}, lines(paragraph)))
    paragraph = []
  }
  while (i < source.length) {
    const line = source[i]
    const fence = FENCE.exec(line)
    const heading = HEADING.exec(line)
    if (fence !== null) {
      flush()
      const code = []
      for (i++; i < source.length && !source[i].trimStart().startsWith(fence[1]); i++) code.push(source[i])
      i++
      blocks.push(h('pre', fence[2] ? { 'data-language': fence[2] } : {}, h('code', {}, code.join('\n'))))
    } else if (heading !== null) {
      flush()
      blocks.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, inline(heading[2])))
      i++
    } else if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
      flush()
      blocks.push(h('hr'))
      i++
    } else if (ITEM.test(line)) {
      flush()
      const [list, next] = readList(source, i)
      blocks.push(list)
      i = next
    } else if (line.startsWith('>')) {
      flush()
      const quoted = []
      for (; i < source.length && source[i].startsWith('>'); i++) quoted.push(source[i].replace(/^> ?/, ''))
      blocks.push(h('blockquote', {}, lines(quoted)))
    } else {
      if (line.trim() === '') flush()
      else paragraph.push(line)
      i++
    }
  }
  flush()
  return blocks
}

/** A list from line `start` on, with lists nested by indentation. */
function readList(source, start) {
  const [, indent, number] = ITEM.exec(source[start])
  const depth = indent.length
  const list = h(number === undefined ? 'ul' : 'ol', number === undefined || number === '1' ? {} : { start: number })
  let i = start
  while (i < source.length) {
    const match = ITEM.exec(source[i])
    if (match === null) {
      // A deeper line without a mark goes on with the item above.
      if (source[i].trim() === '' || !source[i].startsWith(' ')) break
      list.lastElementChild?.append(h('br'), ...inline(source[i].trim()))
      i++
    } else if (match[1].length > depth + 1 && list.lastElementChild !== null) {
      const [nested, next] = readList(source, i)
      list.lastElementChild.append(nested)
      i = next
    } else if (match[1].length < depth) break
    else {
      list.append(h('li', {}, inline(match[3])))
      i++
    }
  }
  return [list, i]
}
