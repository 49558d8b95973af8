// The channels that ship, one line each: a folder of this name holds all there is of it.

export { discord } from './discord/index.ts'
export { http } from './http/index.ts'
export { irc } from './irc/index.ts'
export { line } from './line/index.ts'
export { matrix } from './matrix/index.ts'
export { mattermost } from './mattermost/index.ts'
export { slack } from './slack/index.ts'
export { socket } from './socket/index.ts'
export { telegram } from './telegram/index.ts'
export { webchat } from './webchat/index.ts'
export { webhook } from './webhook/index.ts'
export { whatsapp } from './whatsapp/index.ts'
