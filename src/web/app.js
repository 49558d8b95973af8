// The page: wires the socket to the chat and the views. An owner (key in the address, or the gateway token) sees
// everything; anyone else only the chat.

import { createApprovals } from './approvals.js'
import { createChat } from './chat.js'
import { createConnection } from './connection.js'
import { byId, h, newId } from './dom.js'
import { createActivity, createViews } from './views.js'

const USER = 'claw-user'
const UNNAMED_OWNER = 'owner'
/** Nobody chose this name. */
const isUnnamed = (name) => name.startsWith('guest-') || name === UNNAMED_OWNER
const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname)
const VIEWS = {
  chat: 'Chat',
  activity: 'Activity',
  approvals: 'Approvals',
  agents: 'Agents',
  sessions: 'Sessions',
  heartbeats: 'Heartbeats',
  reloads: 'Reloads',
}

let rights = 'claimed'
let view = 'chat'
let detail
let names = new Map()
const isOwner = () => rights === 'owner' || rights === 'trusted'

const user = byId('user')
const text = byId('text')
const agent = byId('agent')
const other = byId('view-other')
user.value = localStorage.getItem(USER) ?? `guest-${newId().slice(0, 6)}`
const rememberUser = () => localStorage.setItem(USER, user.value.trim())
user.addEventListener('change', rememberUser)
rememberUser()

const activity = createActivity()
const approvals = createApprovals({
  decide: (id, decision) => connection.send('approval_decision', { id, decision }),
  onChange: drawNav,
})
const connection = createConnection({
  userId: () => user.value.trim() || 'guest',
  onFrame,
  onState(state) {
    byId('state').textContent = state
    byId('state').dataset.state = state.split(' ')[0]
  },
  onLogin: () => byId('login').showModal(),
})
const chat = createChat({
  log: byId('log'),
  connection,
  approvals,
  agentName: (id) => names.get(id) ?? id ?? 'claw',
  userId: () => user.value.trim() || 'guest',
  agentId: () => agent.value,
  isOwner,
})
const views = createViews({ ask: connection.ask, approvals, activity, refresh, say })

function onFrame({ type, data }) {
  if (type === 'hello_ok') welcome(data).catch((error) => say(error.message))
  else if (type === 'agent_response_chunk') chat.chunk(data)
  else if (type === 'outbound_message') chat.answer(data)
  else if (type === 'tool_execute') chat.tool(data)
  else if (type === 'tool_result') chat.toolResult(data)
  else if (type === 'approval_request') {
    approvals.add(data)
    chat.approval(data)
    if (view === 'approvals') refresh()
  } else if (type === 'approval_decision') approvals.settle(data.id, data.decision)
  else if (type === 'activity') activity.add(data)
  else if (type === 'reload') {
    activity.add({ type, ...data })
    // Right after a change of the token the old key is refused; the next hello loads them.
    if (isOwner()) loadAgents().catch(() => {})
    if (view === 'reloads' || view === 'agents') refresh()
  } else if (type === 'error' && data.code === 'unknown_channel') say(data.message)
  else if (type === 'error' && data.code !== 'unauthorized') chat.fail(data)
}

async function welcome(data) {
  rights = data.rights
  if (isOwner() && isUnnamed(user.value)) {
    user.value = data.ownUserId ?? (rights === 'owner' ? UNNAMED_OWNER : user.value)
    rememberUser()
  }
  byId('guest-hint').hidden = isOwner() || !isHere
  // Without a channel of its own the page watches and decides, and does not chat.
  const mute = data.channelId === undefined
  byId('mute-hint').hidden = !mute
  byId('composer').hidden = mute
  if (mute && view === 'chat') void show('activity')
  byId('agent-choice').hidden = !isOwner()
  drawNav()
  chat.resend()
  if (!isOwner()) return
  await loadAgents()
  const { approvals: list } = await connection.ask('/api/approvals')
  for (const one of list) approvals.add(one)
  await chat.history().catch(() => {})
}

async function loadAgents() {
  const { agents } = await connection.ask('/api/agents')
  names = new Map(agents.map((one) => [one.id, one.name]))
  const chosen = agent.value
  agent.replaceChildren(
    h('option', { value: '' }, 'by routing'),
    ...agents.map((one) => h('option', { value: one.id }, one.name)),
  )
  agent.value = names.has(chosen) ? chosen : ''
}

function drawNav() {
  const shown = isOwner() ? Object.entries(VIEWS) : []
  byId('nav').replaceChildren(
    ...shown.map(([name, label]) =>
      h(
        'button',
        { 'aria-current': name === view ? 'page' : undefined, onclick: () => show(name) },
        label,
        name === 'approvals' && approvals.open.size > 0 && h('span', { class: 'badge' }, String(approvals.open.size)),
      ),
    ),
  )
}

/** Shows a view; `key`: one thing in it, such as a session. */
async function show(next, key) {
  const moved = next !== view || key !== detail
  view = next
  detail = key
  drawNav()
  byId('view-chat').hidden = view !== 'chat'
  other.hidden = view === 'chat'
  if (view === 'chat') return text.focus()
  if (moved) other.replaceChildren(h('p', { class: 'empty' }, 'Loading'))
  const wanted = view
  try {
    const elements = await views[view](detail)
    if (view === wanted) other.replaceChildren(...elements.flat())
  } catch (error) {
    other.replaceChildren(h('p', { class: 'notice', role: 'alert' }, error.message))
  }
}

/** Draws again what is shown, or goes elsewhere. */
function refresh(next = view, key = next === view ? detail : undefined) {
  void show(next, key)
}

/** A short notice that goes by itself. */
function say(message) {
  const notice = h('p', { class: 'toast', role: 'status' }, message)
  document.body.append(notice)
  setTimeout(() => notice.remove(), 5000)
}

function grow() {
  text.rows = Math.min(8, text.value.split('\n').length)
}

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  const content = text.value.trim()
  if (content === '') return
  if (!connection.isReady()) return say('Not connected; the message was not sent.')
  text.value = ''
  grow()
  chat.send(content)
})
text.addEventListener('input', grow)
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  byId('composer').requestSubmit()
})
byId('login').addEventListener('close', () => connection.login(byId('token').value.trim()))

byId('log').append(h('p', { class: 'empty' }, 'Say something. What you write goes to the agent that routing chooses.'))
drawNav()
connection.open()
text.focus()
