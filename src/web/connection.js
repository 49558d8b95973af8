// The line to the gateway: one socket that comes back by itself, and requests with the same key. The key (the owner's, from
// the address `claw run` prints, or the gateway token) stays in this tab.

const KEY = 'claw-key'
const LONGEST_WAIT = 10_000

/** Takes the key out of the address, so that it is in no bookmark and no screenshot. */
function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given) {
    sessionStorage.setItem(KEY, given)
    history.replaceState(null, '', location.pathname)
  }
}

export function createConnection({ userId, onFrame, onState, onLogin }) {
  takeKey()
  let socket
  let wait = 500
  let ready = false
  let timer

  const key = () => sessionStorage.getItem(KEY) ?? undefined

  function open() {
    clearTimeout(timer)
    onState('connecting')
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`)
    socket.onopen = () => send('hello', { userId: userId(), live: true, token: key() })
    socket.onmessage = (event) => {
      const frame = JSON.parse(event.data)
      if (frame.type === 'hello_ok') {
        ready = true
        wait = 500
        // A key of an earlier start is worth nothing now.
        if (frame.data.rights === 'claimed') sessionStorage.removeItem(KEY)
        onState('connected')
      }
      onFrame(frame)
    }
    socket.onclose = (event) => {
      ready = false
      if (event.code === 4401) {
        sessionStorage.removeItem(KEY)
        onState('token wanted')
        onLogin()
        return
      }
      onState('reconnecting')
      timer = setTimeout(open, wait)
      wait = Math.min(LONGEST_WAIT, wait * 2)
    }
  }

  function send(type, data) {
    socket.send(JSON.stringify({ type, data }))
  }

  return {
    open,
    send,
    isReady: () => ready,
    login(token) {
      sessionStorage.setItem(KEY, token)
      wait = 500
      open()
    },
    /** A request to the gateway. @throws Error with the gateway's sentence */
    async ask(path, body) {
      const headers = key() === undefined ? {} : { authorization: `Bearer ${key()}` }
      const options =
        body === undefined
          ? { headers }
          : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      const response = await fetch(path, { ...options, cache: 'no-store' })
      const value = await response.json()
      if (!response.ok) throw new Error(value.error?.message ?? `status ${response.status}`)
      return value
    },
  }
}
