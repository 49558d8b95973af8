// One server while the engine runs: kept connected, with a growing wait between attempts, its tools held against what was accepted.

import { messageOf } from '../errors.ts'
import type { McpServerPlan, McpTool } from '../plan/plan.ts'
import type { Clock, Logger } from '../ports.ts'
import type { ToolResult } from '../tools/port.ts'
import { type Connected, connectServer } from './connect.ts'
import { changesSince } from './lock.ts'
import type { McpStatus } from './port.ts'
import { resultOf } from './result.ts'
import type { Unusable } from './tool-list.ts'

export interface ConnectionWorld {
  readonly stateDir: string
  readonly clock: Clock
  readonly log: Logger
  /** What it offers differs from before, or from what was accepted. */
  onChange(): void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** Connected for so long, it counts as well again. */
const STEADY_MS = 30_000

export class McpConnection {
  readonly #world: ConnectionWorld
  #server: McpServerPlan
  #offered: readonly McpTool[] | null = null
  #unusable: readonly Unusable[] = []
  #connected: Connected | null = null
  #attempt: Promise<void> | null = null
  #connectedAt = 0
  #failures = 0
  #nextAt = 0
  #detail: string | undefined
  #cancelTimer: () => void = () => {}
  readonly #stop = new AbortController()

  constructor(server: McpServerPlan, world: ConnectionWorld) {
    this.#server = server
    this.#world = world
    this.#connect()
  }

  /** The same server with other accepted tools. */
  update(server: McpServerPlan): void {
    this.#server = server
  }

  get connection(): string {
    return this.#server.connection
  }

  /** Tools that are accepted and not there as they were, and those that are there and not accepted. */
  get status(): McpStatus {
    const { name } = this.#server
    const changes = this.#offered === null ? [] : changesSince(this.#server.tools, this.#offered)
    const withheld = [
      ...changes.map((one) => ({ name: one.name, why: one.change })),
      ...this.#unusable.map((one) => ({ name: one.name, why: 'unusable' as const })),
    ]
    if (this.#connected !== null) return { name, state: 'connected', withheld }
    const state = this.#failures === 0 ? 'starting' : 'reconnecting'
    return { name, state, withheld, ...(this.#detail === undefined ? {} : { detail: this.#detail }) }
  }

  async call(tool: string, input: unknown, signal: AbortSignal): Promise<ToolResult> {
    const { client } = await this.#ready()
    const accepted = this.#server.tools.find(({ name }) => name === tool)
    const now = this.#offered?.find(({ name }) => name === tool)
    const { name } = this.#server
    if (now === undefined) throw new Error(`The MCP server ${name} has no tool ${tool} any more.`)
    if (now.digest !== accepted?.digest)
      throw new Error(`The tool ${tool} of ${name} is not the one that was accepted; the owner can run: claw mcp accept ${name}`)
    // The time limit is the tool's own; it ends the call by the signal.
    const options = { signal, timeout: this.#server.timeoutMs + 5_000 }
    const request = { name: tool, arguments: input as Record<string, unknown> }
    return resultOf(await client.callTool(request, options))
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the engine stops'))
    this.#cancelTimer()
    await this.#attempt
    await this.#connected?.close()
    this.#connected = null
  }

  async #ready(): Promise<Connected> {
    await this.#attempt
    if (this.#connected !== null) return this.#connected
    const seconds = Math.max(1, Math.ceil((this.#nextAt - this.#world.clock.now()) / 1000))
    throw new Error(`The MCP server ${this.#server.name} is not connected: ${this.#detail}. It is tried again in ${seconds} s.`)
  }

  #connect(): void {
    if (this.#stop.signal.aborted || this.#attempt !== null) return
    this.#attempt = this.#tryOnce().finally(() => {
      this.#attempt = null
      this.#world.onChange()
    })
  }

  async #tryOnce(): Promise<void> {
    try {
      const connected = await connectServer(this.#server, {
        stateDir: this.#world.stateDir,
        signal: this.#stop.signal,
        onToolsChanged: () => this.#refresh(),
        onLost: (why) => this.#lost(why),
      })
      this.#connected = connected
      this.#connectedAt = this.#world.clock.now()
      await this.#readTools(connected)
      this.#world.log.info({ server: this.#server.name, tools: this.#offered?.length ?? 0 }, 'MCP server connected')
    } catch (error) {
      this.#lost(messageOf(error).replace(/\.$/, ''))
    }
  }

  #refresh(): void {
    const connected = this.#connected
    if (connected === null) return
    this.#readTools(connected).catch((error: unknown) => {
      const { log } = this.#world
      log.warn({ server: this.#server.name, error: messageOf(error) }, 'MCP server did not list its changed tools')
    })
  }

  async #readTools(connected: Connected): Promise<void> {
    const { tools, unusable } = await connected.listTools()
    this.#offered = tools
    this.#unusable = unusable
    this.#world.onChange()
  }

  #lost(why: string): void {
    if (this.#stop.signal.aborted) return
    const { clock, log } = this.#world
    void this.#connected?.close()
    if (this.#connected !== null && clock.now() - this.#connectedAt >= STEADY_MS) this.#failures = 0
    this.#connected = null
    this.#detail = why
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#nextAt = clock.now() + wait
    log.warn({ server: this.#server.name, why, retryMs: wait }, 'MCP server is not connected')
    this.#cancelTimer()
    this.#cancelTimer = clock.after(wait, () => this.#connect())
    this.#world.onChange()
  }
}
