// A real IRC server (ngircd) on a free port, a wire to it that can be cut, and people who talk.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PROGRAM = ['/usr/sbin/ngircd', '/usr/bin/ngircd', '/usr/local/sbin/ngircd'].find((path) => existsSync(path))

/** Whether the server is installed: `apt-get install -y ngircd`. */
export const hasNgircd = (): boolean => PROGRAM !== undefined

export const IRC_PASSWORD = 'letmein'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export interface Person {
  readonly nick: string
  /** Lines heard, as `{from, target, text}`; notices left out. */
  readonly heard: { readonly from: string; readonly target: string; readonly text: string }[]
  raw(line: string): void
  say(target: string, text: string): void
  /** Called with each line heard. */
  onHeard(listener: (text: string) => void): void
  quit(): void
}

export interface IrcNetwork {
  /** Address of the wire to the server. */
  readonly port: number
  person(nick: string, join?: readonly string[]): Promise<Person>
  cut(): void
  /** Refuses new connections over the wire until `fix`. */
  block(): void
  fix(): void
  wires(): number
  stop(): Promise<void>
}

export async function createIrcNetwork(): Promise<IrcNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'claw-ngircd-'))
  const probe = createServer()
  const port = await listen(probe)
  await new Promise((resolve) => probe.close(resolve))
  const file = join(folder, 'ngircd.conf')
  await writeFile(
    file,
    `[Global]\nName = irc.test.local\nInfo = test\nListen = 127.0.0.1\nPorts = ${port}\nPassword = ${IRC_PASSWORD}\n` +
      `[Limits]\nMaxConnectionsIP = 0\nMaxConnections = 0\nMaxNickLength = 20\nMaxPenaltyTime = 0\n[Options]\nIdent = no\nDNS = no\nPAM = no\nSyslogFacility = local1\n`,
  )
  // The server gives up its rights before it reads the file again.
  await chmod(folder, 0o755)
  const daemon: ChildProcess = spawn(PROGRAM ?? 'ngircd', ['-n', '-f', file], { stdio: 'ignore' })
  for (let i = 0; i < 200; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      }).on('error', () => resolve(false))
    })
    if (open) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }

  const wires = new Set<Socket>()
  let blocked = false
  const wire = createServer((near) => {
    if (blocked) {
      near.destroy()
      return
    }
    const far = connect(port, '127.0.0.1')
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      wires.add(a)
      a.pipe(b)
      a.on('error', () => undefined)
      a.on('close', () => {
        wires.delete(a)
        b.destroy()
      })
    }
  })
  const wirePort = await listen(wire)
  const cut = (): void => {
    for (const socket of wires) socket.destroy()
  }
  const people: Socket[] = []

  return {
    port: wirePort,
    async person(nick, channels = []) {
      const socket = connect(port, '127.0.0.1')
      people.push(socket)
      socket.on('error', () => undefined)
      const heard: Person['heard'] = []
      const listeners: ((text: string) => void)[] = []
      let welcome: () => void = () => undefined
      const joined = new Promise<void>((resolve) => {
        welcome = resolve
      })
      let missing = channels.length
      let rest = ''
      socket.on('data', (data) => {
        const lines = (rest + data.toString('utf8')).split('\r\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line.startsWith('PING')) socket.write(`PONG${line.slice(4)}\r\n`)
          const match = /^:([^! ]+)\S* (\S+) (\S+)(?: :?(.*))?$/.exec(line)
          if (match === null) continue
          if (match[2] === 'PRIVMSG') {
            heard.push({ from: match[1] ?? '', target: match[3] ?? '', text: match[4] ?? '' })
            for (const listener of listeners) listener(match[4] ?? '')
          }
          if (match[2] === '001') {
            for (const channel of channels) socket.write(`JOIN ${channel}\r\n`)
            if (missing === 0) welcome()
          }
          if (match[2] === '366' && --missing === 0) welcome()
        }
      })
      socket.write(`PASS ${IRC_PASSWORD}\r\nNICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\n`)
      await joined
      return {
        nick,
        heard,
        raw: (line) => void socket.write(`${line}\r\n`),
        say: (target, text) => void socket.write(`PRIVMSG ${target} :${text}\r\n`),
        onHeard: (listener) => void listeners.push(listener),
        quit: () => void socket.destroy(),
      }
    },
    cut,
    block() {
      blocked = true
    },
    fix() {
      blocked = false
    },
    wires: () => wires.size,
    async stop() {
      cut()
      for (const socket of people) socket.destroy()
      await new Promise((resolve) => wire.close(resolve))
      const gone = new Promise((resolve) => daemon.once('exit', resolve))
      daemon.kill('SIGKILL')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}
