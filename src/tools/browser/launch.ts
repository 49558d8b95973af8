// A Chromium of this machine, started for one agent: its own profile, no sandbox of its own only where Chromium refuses one, and a
// proxy as its only way out.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { Cdp, pipeLine } from './cdp.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** A Chromium that is installed; undefined: none was found. */
export function installedChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...PLACES].find((path) => existsSync(path))
}

/** Chromium's own sandbox does not work for root. */
export const needsNoSandbox = (): boolean => process.getuid?.() === 0

const FLAGS = [
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-client-side-phishing-detection',
  '--disable-domain-reliability',
  '--disable-component-extensions-with-background-pages',
  '--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,InterestFeedContentSuggestions',
  '--metrics-recording-only',
  '--no-pings',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-quic',
  '--mute-audio',
  '--password-store=basic',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  // This machine's own addresses go through the proxy as well.
  '--proxy-bypass-list=<-loopback>',
  '--window-size=1280,900',
]

export interface Launched {
  readonly cdp: Cdp
  close(): Promise<void>
}

export interface LaunchOptions {
  readonly executable: string
  readonly headless: boolean
  /** Of this agent; made when absent. */
  readonly profile: string
  readonly proxyPort: number
}

const END_MS = 3_000

/** @throws Error with a sentence */
export async function launchChromium({ executable, headless, profile, proxyPort }: LaunchOptions): Promise<Launched> {
  await mkdir(profile, { recursive: true, mode: 0o700 })
  // What a browser that was killed leaves behind would keep the next from starting.
  await rm(join(profile, 'SingletonLock'), { force: true })
  const args = [
    ...FLAGS,
    `--user-data-dir=${profile}`,
    `--proxy-server=http://127.0.0.1:${proxyPort}`,
    ...(headless ? ['--headless=new'] : []),
    ...(needsNoSandbox() ? ['--no-sandbox'] : []),
    'about:blank',
  ]
  const env = { PATH: process.env['PATH'], HOME: profile, LANG: 'C.UTF-8', DISPLAY: process.env['DISPLAY'] }
  const child = spawn(executable, args, { env, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const kill = (how: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, how)
    } catch {
      // Gone already.
    }
  }
  await new Promise<void>((done, fail) => {
    child.once('spawn', done)
    child.once('error', (error) => fail(new Error(`${executable} cannot be started: ${error.message}`)))
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const cdp = new Cdp(pipeLine(child.stdio[3] as Writable, child.stdio[4] as Readable))
  return {
    cdp,
    async close() {
      void cdp.send('Browser.close').catch(() => {})
      const hard = setTimeout(() => kill('SIGKILL'), END_MS)
      await ended
      clearTimeout(hard)
      kill('SIGKILL')
      cdp.close()
    },
  }
}
