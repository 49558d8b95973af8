// Doors: the ways by which a message can come in. A channel of the gateway has several, every other channel has its platform.

import type { ChannelPlan, Plan } from './plan.ts'

/** Doors of the gateway. `page`: the web page, which speaks the socket's protocol. */
export type GatewayDoor = '/chat' | '/v1' | 'socket' | 'page'

/** A door of the gateway, or the type of a channel whose platform is the door. */
export type Door = GatewayDoor | (string & {})

interface DoorRules {
  /** Types of the channels that are reached through it. */
  readonly types: readonly string[]
  /** The one channel that it serves; absent: any of those types. */
  readonly channelId?: string
  /** Whether a message through it may name the agent. */
  readonly names: boolean
  /** Whether a message through it may come from a group. */
  readonly groups: boolean
}

export const GATEWAY_DOORS: Readonly<Record<GatewayDoor, DoorRules>> = {
  '/chat': { types: ['http', 'webchat'], names: false, groups: true },
  '/v1': { types: ['http', 'webchat'], channelId: 'http', names: true, groups: false },
  socket: { types: ['http', 'socket'], names: true, groups: true },
  page: { types: ['webchat'], names: true, groups: true },
}

/** What a WebSocket client may say `hello` as. */
const SOCKET_DOORS: readonly GatewayDoor[] = ['socket', 'page']

const serves = ({ types, channelId }: DoorRules, channel: ChannelPlan): boolean =>
  types.includes(channel.type) && (channelId === undefined || channelId === channel.id)

/** The doors of a channel. */
export function doorsOf(channel: ChannelPlan): readonly Door[] {
  const doors = (Object.keys(GATEWAY_DOORS) as GatewayDoor[]).filter((door) => serves(GATEWAY_DOORS[door], channel))
  return doors.length === 0 ? [channel.type] : doors
}

export const isGatewayDoor = (door: Door): door is GatewayDoor => Object.hasOwn(GATEWAY_DOORS, door)

/** The channel behind one of these doors, or why it is not there, in words. */
export function channelBehind(
  plan: Plan,
  channelId: string,
  doors: readonly GatewayDoor[] | 'sockets',
): ChannelPlan | { readonly reason: string } {
  const channel = plan.channels.get(channelId)
  if (channel === undefined || !channel.enabled) return { reason: `There is no channel "${channelId}".` }
  const rules = (doors === 'sockets' ? SOCKET_DOORS : doors).map((door) => GATEWAY_DOORS[door])
  if (rules.some((one) => serves(one, channel))) return channel
  const types = [...new Set(rules.flatMap((one) => one.types))]
  return { reason: `Channel "${channelId}" is of type ${channel.type}; here it may be ${types.join(' or ')}.` }
}
