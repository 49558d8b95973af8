// What the owner sees besides the chat. Each view asks the gateway and gives its elements.

import { textOf } from './chat.js'
import { h, table, visible, when } from './dom.js'
import { markdown } from './markdown.js'

const chip = (text, kind = '') => h('span', { class: `chip ${kind}` }, text)
const title = (text, ...more) => h('div', { class: 'row head' }, h('h2', {}, text), ...more)
const MOST_CHANGES = 20
const DONE = { add: 'added', change: 'changed', remove: 'removed' }
const change = ({ action, kind, id, fields }) =>
  h(
    'li',
    {},
    `${kind} `,
    h('code', {}, id),
    ` ${DONE[action] ?? action}${fields?.length > 0 && action === 'change' ? `: ${fields.join(', ')}` : ''}`,
  )
const rest = (more) => more > 0 && h('li', {}, `and ${more} more`)
const place = (at) => (at === undefined ? '' : `${at.file.split('/').pop()}:${at.line}`)

export function createViews({ ask, approvals, activity, refresh, say }) {
  const act = (path, body, done) => async (event) => {
    event.target.disabled = true
    try {
      const result = await ask(path, body)
      say(result.message ?? done)
    } catch (error) {
      say(error.message)
    }
    refresh()
  }
  const button = (text, path, body, done, kind = '') => h('button', { class: kind, onclick: act(path, body, done) }, text)

  async function agents() {
    const [{ agents: list }, { rules, defaultAgent }, status] = await Promise.all([
      ask('/api/agents'),
      ask('/api/routes'),
      ask('/status'),
    ])
    const stopped = new Set(status.agents.filter((one) => one.stopped || status.stopped).map((one) => one.id))
    const cards = list.map((agent) =>
      h(
        'article',
        { class: 'card' },
        h('h3', {}, agent.name, ' ', chip(agent.id), stopped.has(agent.id) && chip('stopped', 'bad')),
        agent.description !== '' && h('p', {}, agent.description),
        h(
          'p',
          { class: 'dim' },
          `${agent.model} · permissions: ${agent.mode} · sandbox: ${agent.sandbox} · ${place(agent.place)}`,
        ),
        h(
          'p',
          { class: 'chips' },
          agent.tools.length === 0 ? h('span', { class: 'dim' }, 'no tools') : agent.tools.map((name) => chip(name)),
        ),
        stopped.has(agent.id)
          ? button('Resume', '/api/resume', { agent: agent.id }, 'Resumed.')
          : button('Stop', '/api/stop', { agent: agent.id }, 'Stopped.', 'danger'),
      ),
    )
    const fields = ['channelId', 'userId', 'groupId', 'threadId', 'prefix', 'pattern']
    const rows = rules.map((rule) => [
      String(rule.priority),
      fields.flatMap((name) => (rule[name] === undefined ? [] : [`${name} ${[rule[name]].flat().join(', ')}`])).join(' and ') ||
        'everything',
      rule.agentId,
      place(rule.place),
    ])
    if (defaultAgent !== null) rows.push(['', 'anything else', defaultAgent, ''])
    return [
      title('Agents'),
      h('div', { class: 'cards' }, cards),
      title('Routes, first match wins'),
      table('Routes', ['Priority', 'When', 'Agent', 'Where'], rows),
    ]
  }

  async function sessions() {
    const { sessions: list } = await ask('/api/sessions')
    const rows = [...list]
      .sort((a, b) => b.modified - a.modified)
      .map((one) => [
        h('button', { class: 'link', onclick: () => refresh('sessions', one.key) }, one.key),
        one.agentId,
        when(one.modified),
        `${Math.ceil(one.bytes / 1024)} KB`,
      ])
    return [title('Sessions'), table('Sessions', ['Session', 'Agent', 'Last used', 'Size'], rows)]
  }

  async function transcript(key) {
    const { entries } = await ask(`/api/sessions/${encodeURIComponent(key)}`)
    const body = entries.map((entry) => {
      const blocks = typeof entry.content === 'string' ? [] : entry.content.filter((block) => block.type !== 'text')
      return h(
        'article',
        { class: `entry ${entry.role}` },
        h(
          'p',
          { class: 'who' },
          entry.kind ?? entry.role,
          entry.userId ? ` ${entry.userId}` : '',
          h('time', {}, when(entry.timestamp)),
        ),
        h('div', { class: 'body' }, markdown(textOf(entry.content))),
        blocks.map((block) =>
          h(
            'details',
            { class: 'tool' },
            h('summary', {}, h('b', {}, block.name ?? block.type)),
            h('pre', {}, visible(JSON.stringify(block.input ?? block.content ?? block, null, 2))),
          ),
        ),
      )
    })
    const reset = button('Start over', `/api/sessions/${encodeURIComponent(key)}/reset`, {}, 'The session starts over.', 'danger')
    return [
      title(key, h('button', { onclick: () => refresh('sessions', null) }, 'All sessions'), reset),
      body.length === 0 ? h('p', { class: 'empty' }, 'Nothing here yet.') : body,
    ]
  }

  async function heartbeats() {
    const { heartbeats: list } = await ask('/api/heartbeats')
    const rows = list.map((one) => [
      one.name,
      `${one.schedule} (${one.timezone})`,
      one.agentId,
      one.next === null ? 'off' : when(one.next),
      one.prompt,
      button('Run now', `/api/heartbeats/${encodeURIComponent(one.name)}/run`, {}, 'Started.'),
    ])
    return [title('Heartbeats'), table('Heartbeats', ['Name', 'Schedule', 'Agent', 'Next', 'Prompt', ''], rows)]
  }

  async function reloads() {
    const [{ reloads: list }, status] = await Promise.all([ask('/api/reloads'), ask('/status')])
    const items = [...list].reverse().map((one) =>
      h(
        'article',
        { class: 'card' },
        h(
          'h3',
          {},
          one.ok ? chip('live', 'good') : chip('refused', 'bad'),
          ` generation ${one.generation} `,
          h('time', {}, when(one.at)),
        ),
        h(
          'p',
          { class: 'dim' },
          `${Math.round(one.durationMs)} ms · ${one.changes.length === 1 ? '1 change' : `${one.changes.length} changes`} · ${one.configHash.slice(0, 12)}`,
        ),
        one.changes.length > 0 &&
          h('ul', { class: 'changes' }, one.changes.slice(0, MOST_CHANGES).map(change), rest(one.changes.length - MOST_CHANGES)),
        one.diagnostics.map((problem) =>
          h(
            'div',
            { class: `diagnostic ${problem.severity}` },
            h(
              'p',
              {},
              h('code', {}, problem.code),
              ` ${problem.message} `,
              h('span', { class: 'dim' }, `${problem.file}:${problem.line}:${problem.column}`),
            ),
            problem.hint && h('p', { class: 'dim' }, problem.hint),
          ),
        ),
      ),
    )
    const inStep = status.configHash === status.fileHash
    return [
      title(
        'Reloads',
        chip(inStep ? 'file is live' : 'file differs from what runs', inStep ? 'good' : 'bad'),
        button('Reload now', '/api/reload', {}, 'Loaded again.'),
      ),
      items.length === 0 ? h('p', { class: 'empty' }, 'No reloads yet.') : items,
    ]
  }

  async function questions() {
    const { approvals: list } = await ask('/api/approvals')
    approvals.open.clear()
    for (const one of list) approvals.add(one)
    return [
      title('Approvals'),
      list.length === 0
        ? h('p', { class: 'empty' }, 'Nothing waits for an answer.')
        : list.map((one) => approvals.card(one, true)),
    ]
  }

  return {
    activity: async () => [title('Activity'), activity.element],
    approvals: questions,
    agents,
    sessions: (key) => ((key ?? null) === null ? sessions() : transcript(key)),
    heartbeats,
    reloads,
  }
}

const MOST = 300

/** The list of what happens, newest first. */
export function createActivity() {
  const element = h('ol', { class: 'activity' }, h('li', { class: 'empty' }, 'Nothing has happened since this page was opened.'))
  const words = {
    inbound: (e) => `${e.channelId}:${e.userId} → ${e.agentId}: ${e.content}`,
    refused: (e) => `${e.channelId}:${e.userId} refused: ${e.reason}`,
    turn_start: (e) => `${e.agentId} begins · ${e.sessionKey}`,
    turn_end: (e) => `${e.agentId} · ${Math.round(e.durationMs)} ms: ${e.text}`,
    tool_execute: (e) => `${e.agentId} uses ${e.toolName} ${visible(JSON.stringify(e.input))}`,
    tool_result: (e) => `${e.toolName} ${e.isError ? 'failed' : 'done'} · ${Math.round(e.durationMs)} ms`,
    heartbeat: (e) => `${e.name} ${e.outcome} ${e.detail ?? ''}`,
    channel: (e) => `${e.channelId} is ${e.state} ${e.detail ?? ''}`,
    stopped: (e) => `${e.agentId ?? 'everything'} stopped by ${e.by}`,
    resumed: (e) => `${e.agentId ?? 'everything'} resumed by ${e.by}`,
    reload: (e) => (e.ok ? `generation ${e.generation} is live` : 'a save was refused; what ran goes on'),
  }
  return {
    element,
    add(event) {
      const text = (words[event.type]?.(event) ?? '').slice(0, 400)
      element.querySelector('.empty')?.remove()
      const failed = event.isError || event.type === 'refused' || event.ok === false
      element.prepend(
        h(
          'li',
          { class: failed ? 'failed' : '' },
          h('time', {}, when(event.at ?? Date.now())),
          chip(event.type.replace('_', ' ')),
          h('span', {}, text),
        ),
      )
      while (element.childElementCount > MOST) element.lastElementChild.remove()
    },
  }
}
