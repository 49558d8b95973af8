// Every driver the kit knows, and those that cannot run on this machine, in words.

import { discordDriver } from '../../src/channels/discord/driver.ts'
import { ircDriver } from '../../src/channels/irc/driver.ts'
import { hasNgircd } from '../../src/channels/irc/fake/ngircd.ts'
import type { KitDriver } from '../../src/channels/kit/index.ts'
import { slackDriver } from '../../src/channels/slack/driver.ts'
import { telegramDriver } from '../../src/channels/telegram/driver.ts'
import { webhookDriver } from '../../src/channels/webhook/driver.ts'
import { whatsappDriver } from '../../src/channels/whatsapp/driver.ts'

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
