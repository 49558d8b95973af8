// The `tests:` of a configuration, as the schema has checked them.

export interface TestMessage {
  readonly channelId: string
  readonly userId: string
  readonly groupId?: string
  readonly threadId?: string
  readonly messageId?: string
  readonly content: string
  readonly mentionsBot?: boolean
  readonly roles?: readonly string[]
}

export interface ExpectedDelivery {
  readonly channelId?: string
  readonly target?: string
  readonly content?: string | readonly string[]
}

export interface Expectation {
  readonly agentId?: string | null
  readonly sessionKey?: string
  readonly content?: string
  readonly tools?: readonly string[]
  readonly notTools?: readonly string[]
  readonly mode?: string
  readonly rule?: number | null
  readonly reply?: string | readonly string[]
  readonly notReply?: string | readonly string[]
  readonly replyPattern?: string
  readonly refused?: boolean | string
  readonly decision?: string
  readonly toolCalls?: readonly string[]
  readonly notToolCalls?: readonly string[]
  readonly deliveries?: readonly ExpectedDelivery[]
  readonly duplicate?: boolean
  readonly approval?: boolean
  readonly ran?: number
}

export interface Step {
  readonly name?: string
  readonly message?: TestMessage
  readonly command?: { readonly agentId: string; readonly command: string }
  readonly heartbeat?: string
  readonly advance?: string
  readonly approve?: 'once' | 'always' | 'deny'
  readonly expect?: Expectation
}

export interface TestSpec extends Step {
  readonly name: string
  readonly at?: string
  readonly model?: string
  readonly steps?: readonly Step[]
  readonly skip?: string
}

/** The steps of a test with the path of each below it: its own one first, then `steps`. */
export function stepsOf(spec: TestSpec): readonly { readonly step: Step; readonly path: readonly (string | number)[] }[] {
  const { name: _, ...own } = spec
  const { message, command, heartbeat, advance, approve, expect } = own
  const acts = [message, command, heartbeat, advance, approve, expect].some((part) => part !== undefined)
  return [
    ...(acts ? [{ step: own, path: [] }] : []),
    ...(spec.steps ?? []).map((step, index) => ({ step, path: ['steps', index] })),
  ]
}
