// The conversation: messages out, streamed replies, tools and questions in.

import { h, newId, visible, when } from './dom.js'
import { markdown } from './markdown.js'

const SESSION = 'claw-session'

/** A file of a reply: shown where a browser can, else as a link to fetch it. */
function file({ name, mimeType, url }) {
  const kind = mimeType.split('/')[0]
  const link = h('a', { href: url, download: name }, name)
  if (/^image\/(png|jpeg|gif|webp)$/.test(mimeType))
    return h('p', { class: 'file' }, h('img', { src: url, alt: name, loading: 'lazy' }))
  if (kind === 'audio' || kind === 'video') return h('p', { class: 'file' }, h(kind, { src: url, controls: '' }), link)
  return h('p', { class: 'file' }, link)
}

export function createChat({ log, connection, approvals, agentName, userId, agentId, isOwner }) {
  /** Messages without an answer yet: sent again after a break, the gateway knows them by their id. */
  const waiting = new Map()
  const tools = new Map()
  let session = sessionStorage.getItem(SESSION)

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80
  // A keyboard that comes up, or a window that shrinks, does not push the last words out of sight.
  let following = true
  log.addEventListener('scroll', () => {
    following = atEnd()
  })
  new ResizeObserver(() => {
    if (following) log.scrollTop = log.scrollHeight
  }).observe(log)
  function add(element, before) {
    const follow = atEnd()
    log.querySelector('.empty')?.remove()
    if (before?.isConnected) before.before(element)
    else log.append(element)
    if (follow) log.scrollTop = log.scrollHeight
    return element
  }

  function bubble(kind, who, time) {
    const body = h('div', { class: 'body' })
    const head = h('p', { class: 'who' }, who, time === undefined ? null : h('time', {}, when(time)))
    return { element: h('article', { class: `message ${kind}` }, head, body), body }
  }

  function show(kind, who, text, time = Date.now(), attachments = []) {
    const { element, body } = bubble(kind, who, time)
    body.append(...(kind === 'mine' ? [text] : markdown(text)), ...attachments.map(file))
    add(element)
  }

  function draw(entry) {
    entry.drawing = false
    const follow = atEnd()
    entry.body.replaceChildren(...markdown(entry.text), ...(entry.attachments ?? []).map(file))
    if (follow) log.scrollTop = log.scrollHeight
  }

  function transmit(message) {
    connection.send('inbound_message', message)
  }

  function send(text) {
    const message = {
      userId: userId(),
      messageId: newId(),
      content: text,
      timestamp: new Date().toISOString(),
    }
    if (isOwner() && agentId()) message.agentId = agentId()
    show('mine', userId(), text)
    const { element, body } = bubble('theirs pending', 'working')
    body.append(h('span', { class: 'typing', 'aria-label': 'is working' }, '●●●'))
    add(element)
    waiting.set(message.messageId, { message, element, body, text: '', drawing: false })
    transmit(message)
  }

  /** The reply that is growing in a session: by the message it answers, else the oldest that waits. */
  const entryFor = (data) =>
    waiting.get(data.replyTo) ??
    [...waiting.values()].find((entry) => entry.session === data.sessionId) ??
    waiting.values().next().value

  function chunk(data) {
    const entry = waiting.get(data.replyTo)
    if (entry === undefined) return
    entry.session = data.sessionId
    entry.text = (data.restart ? '' : entry.text) + data.chunk
    if (entry.drawing) return
    entry.drawing = true
    requestAnimationFrame(() => waiting.has(data.replyTo) && draw(entry))
  }

  function answer(data) {
    const entry = waiting.get(data.replyTo)
    if (data.sessionId !== null && data.sessionId !== undefined && entry !== undefined) {
      session = data.sessionId
      sessionStorage.setItem(SESSION, session)
    }
    const who = data.agent ?? agentName(data.agentId)
    if (entry === undefined) return show('theirs', who, data.content, Date.now(), data.attachments)
    waiting.delete(data.replyTo)
    entry.element.classList.remove('pending')
    entry.element.firstElementChild.replaceChildren(who, h('time', {}, when(Date.now())))
    entry.text = data.content
    entry.attachments = data.attachments
    draw(entry)
  }

  function tool(data) {
    const entry = entryFor(data)
    const input = Object.keys(data.input ?? {}).length === 1 ? String(Object.values(data.input)[0]) : JSON.stringify(data.input)
    const output = h('pre', {}, 'running')
    const element = h(
      'details',
      { class: 'tool running' },
      h('summary', {}, h('b', {}, data.toolName), ' ', h('code', {}, visible(input.slice(0, 120)))),
      h('pre', {}, visible(JSON.stringify(data.input, null, 2))),
      output,
    )
    tools.set(data.toolUseId, { element, output })
    // What was said before a tool call stays above it.
    add(element, entry?.element)
  }

  function toolResult(data) {
    const known = tools.get(data.toolUseId)
    if (known === undefined) return
    tools.delete(data.toolUseId)
    known.element.classList.remove('running')
    known.element.classList.toggle('failed', data.isError)
    known.output.textContent = data.content
  }

  function fail(data) {
    const entry = waiting.get(data.messageId)
    if (entry === undefined) return add(h('p', { class: 'notice', role: 'alert' }, data.message))
    waiting.delete(data.messageId)
    entry.element.replaceWith(h('p', { class: 'notice', role: 'alert' }, data.message))
  }

  return {
    send,
    chunk,
    answer,
    tool,
    toolResult,
    fail,
    approval(data) {
      const own =
        [...waiting.values()].some((entry) => entry.session === data.sessionId) ||
        data.sessionId === session ||
        (!isOwner() && waiting.size > 0)
      const first = waiting.values().next().value
      if (own || (waiting.size > 0 && first.session === undefined)) add(approvals.card(data, isOwner()), first?.element)
    },
    resend() {
      for (const { message } of waiting.values()) transmit(message)
    },
    /** What was said before, for the owner. */
    async history() {
      if (session === null || log.querySelector('.message') !== null) return
      const { entries } = await connection.ask(`/api/sessions/${encodeURIComponent(session)}`)
      for (const entry of entries.slice(-50)) {
        const text = textOf(entry.content)
        if (text !== '' && entry.kind === undefined)
          show(
            entry.role === 'user' ? 'mine' : 'theirs',
            entry.role === 'user' ? (entry.userId ?? 'you') : agentName(session.split(':')[1]),
            text,
            entry.timestamp,
          )
      }
      log.scrollTop = log.scrollHeight
    },
  }
}

/** The words of a transcript entry; what tools said is left out. */
export function textOf(content) {
  if (typeof content === 'string') return content
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}
