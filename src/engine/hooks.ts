// What a program that starts claw by itself may see, change or stop as it happens: tool calls and model calls. Each hook is waited
// for. One that fails stops what it is about: doubt never lets a call through.

import { messageOf } from '../errors.ts'
import { ModelError } from '../models/port.ts'
import type { ToolResult } from '../tools/port.ts'
import type { TurnRequest } from './turns/request-tokens.ts'

type Awaitable<T> = T | Promise<T>

export interface HookedToolCall {
  readonly agentId: string
  readonly sessionKey: string
  readonly toolName: string
  /** What was judged, and runs. */
  readonly input: unknown
}

export interface HookedModelCall {
  readonly agentId: string
  /** Absent: a summary, made outside a turn. */
  readonly sessionKey?: string
}

export interface Hooks {
  /** Before a call runs, after it was judged and, where it had to be, approved. A hook can refuse it; the model is told why. */
  beforeToolCall?(call: HookedToolCall): Awaitable<{ readonly refuse: string } | undefined>
  /** After a call, before its result is stored: what is returned takes its place. It is as the model reads it, marks included. */
  afterToolCall?(call: HookedToolCall, result: ToolResult): Awaitable<ToolResult | undefined>
  /** Before a model is asked: what is returned is sent in place of the request. A changed beginning misses the service's cache. */
  beforeModelCall?(call: HookedModelCall, request: TurnRequest): Awaitable<TurnRequest | undefined>
}

/** Runs a tool between its hooks. Never throws for a hook. */
export async function betweenHooks(
  hooks: Hooks | undefined,
  call: HookedToolCall,
  run: () => Promise<ToolResult>,
): Promise<ToolResult> {
  if (hooks === undefined) return await run()
  try {
    const stopped = await hooks.beforeToolCall?.(call)
    if (stopped !== undefined) return { content: `Not run: ${stopped.refuse}`, isError: true }
  } catch (error) {
    return { content: `Not run: the hook before the call failed: ${messageOf(error)}`, isError: true }
  }
  const result = await run()
  try {
    return (await hooks.afterToolCall?.(call, result)) ?? result
  } catch (error) {
    return { content: `It ran, but the hook after the call failed: ${messageOf(error)}`, isError: true }
  }
}

/** The request as the hook leaves it. @throws ModelError when the hook fails */
export async function hookedRequest(hooks: Hooks | undefined, call: HookedModelCall, request: TurnRequest): Promise<TurnRequest> {
  if (hooks?.beforeModelCall === undefined) return request
  try {
    return (await hooks.beforeModelCall(call, request)) ?? request
  } catch (error) {
    throw new ModelError('invalid', `The hook before the model call failed: ${messageOf(error)}`, { cause: error })
  }
}
