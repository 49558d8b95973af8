// Slash commands and pressed buttons: offered, taken in, answered within the three seconds that Discord gives.

import type { APIInteraction, REST } from 'discord.js'
import { messageOf } from '../../errors.ts'
import { headOf } from '../../text-cut.ts'
import { readCallback } from '../approval-buttons.ts'
import { slashCommands } from '../commands.ts'
import type { ChannelHost, InboundMessage } from '../port.ts'
import { channelOf, readCommand, type Self } from './intake.ts'

const MAX_CHARS = 2000
/** Only the one who pressed or wrote sees it. */
const EPHEMERAL = 64
const PRESS = 3
const REPLY = 4

/** Routing prefixes as commands of the application. */
export async function offerCommands(host: ChannelHost, rest: REST, { applicationId }: Self, signal: AbortSignal): Promise<void> {
  const body = slashCommands(host.plan, host.spec.id).map(({ name, agentId }) => ({
    name,
    type: 1,
    description: headOf(`Ask ${agentId}`, 100),
    options: [{ type: 3, name: 'text', description: 'What to ask', required: false }],
  }))
  if (body.length > 0) await rest.put(`/applications/${applicationId}/commands`, { body, signal })
}

/** `heard` gets the message of a command, and the channel it was given in, before it is taken in. */
export async function onInteraction(
  host: ChannelHost,
  rest: REST,
  interaction: APIInteraction,
  heard: (message: InboundMessage, channelId: string) => void,
): Promise<void> {
  if (interaction.type === PRESS) {
    const chosen = readCallback(interaction.data.custom_id)
    const user = interaction.member?.user ?? interaction.user
    if (chosen === null || user === undefined) return
    await respond(rest, interaction, await host.answerApproval({ ...chosen, userId: user.id }), true)
    return
  }
  const message = readCommand(interaction, host.spec.id)
  const channel = channelOf(interaction)
  if (message === null || channel === undefined) return
  heard(message, channel)
  const { text, isPrivate } = await taken(host, message)
  await respond(rest, interaction, text, isPrivate)
}

/** The command becomes visible to the channel, so that the answer has its question; a refusal does not. */
async function taken(host: ChannelHost, message: InboundMessage): Promise<{ text: string; isPrivate: boolean }> {
  try {
    const receipt = await host.receive(message)
    if (receipt.accepted) return { text: message.content, isPrivate: false }
    return { text: receipt.reason ?? 'Not for this bot.', isPrivate: true }
  } catch (error) {
    host.log.error({ error: messageOf(error) }, 'discord command was not stored')
    return { text: 'This could not be taken in. Please try again.', isPrivate: true }
  }
}

async function respond(rest: REST, interaction: APIInteraction, content: string, isPrivate: boolean): Promise<void> {
  const data = {
    content: headOf(content, MAX_CHARS),
    allowed_mentions: { parse: [] },
    ...(isPrivate ? { flags: EPHEMERAL } : {}),
  }
  await rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, { auth: false, body: { type: REPLY, data } })
}
