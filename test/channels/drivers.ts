// Every driver the kit knows, and those that cannot run on this machine, in words.

import type { KitDriver } from '../../src/channels/kit/index.ts'
import { hasNgircd } from '../support/ngircd.ts'
import { discordDriver } from './driver-discord.ts'
import { ircDriver } from './driver-irc.ts'
import { slackDriver } from './driver-slack.ts'
import { telegramDriver } from './driver-telegram.ts'
import { webhookDriver } from './driver-webhook.ts'
import { whatsappDriver } from './driver-whatsapp.ts'

export async function kitDrivers(): Promise<{ drivers: readonly KitDriver[]; absent: readonly string[] }> {
  const absent: string[] = []
  const drivers: KitDriver[] = [
    telegramDriver('polling'),
    telegramDriver('webhook'),
    discordDriver,
    slackDriver,
    webhookDriver,
    whatsappDriver,
  ]
  if (hasNgircd()) drivers.push(ircDriver)
  else absent.push('IRC: ngircd is not installed (apt-get install -y ngircd).')
  return { drivers, absent }
}
