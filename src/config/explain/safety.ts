// Codes 4xx and 5xx: safety, and trouble while running.

import type { Explanation } from './explanation.ts'

export const SAFETY_EXPLANATIONS = {
  CLAW401: {
    what: 'The gateway listens beyond this machine and asks for no token.',
    why: 'Anyone on the network could talk to the bot as anyone.',
    mend: 'Set a token, or listen on 127.0.0.1.',
    before: 'gateway: { host: 0.0.0.0 }',
    after: 'gateway: { host: 0.0.0.0, auth: { token: "${CLAW_TOKEN}" } }',
  },
  CLAW402: {
    what: 'Someone who is not on any list can reach an agent with a tool that writes, runs or spends.',
    why: 'What strangers write steers the model, and the model steers the tool.',
    mend: 'Set allowFrom on the channel, or route strangers to an agent without such tools.',
    before: 'channels:\n  telegram: { token: "${TELEGRAM_BOT_TOKEN}" }',
    after: 'channels:\n  telegram: { token: "${TELEGRAM_BOT_TOKEN}", allowFrom: [mehdi] }',
  },
  CLAW403: {
    what: 'An agent may have to ask before it runs something, and nobody is configured to answer.',
    why: 'Every such call is refused at once.',
    mend: 'Name an owner or approver on a configured channel.',
    before: 'agents:\n  main: { soul: You are terse., tools: [bash] }',
    after: 'agents:\n  main: { soul: You are terse., tools: [bash] }\nowners: ["telegram:123"]',
  },
  CLAW404: {
    what: 'A grant allows more than one command, or a program that can run anything.',
    why: 'A star as the command, or behind a shell or interpreter, allows everything.',
    mend: 'Name the commands one by one.',
    before: 'permissions: { allow: ["bash *"] }',
    after: 'permissions: { allow: ["git status", "npm test"] }',
  },
  CLAW405: {
    what: 'A grant ends in a star for a program whose dangerous options are not known here, or can never match.',
    why: 'Some option may run other programs or write files; or the grant does nothing, because a star never covers such a command.',
    mend: 'Write the arguments out, or accept the risk.',
    before: 'permissions: { allow: ["mytool *"] }',
    after: 'permissions: { allow: ["mytool report --today"] }',
  },
  CLAW406: {
    what: 'A secret stands in the file itself.',
    why: 'Configuration is committed, copied and shared; secrets should not be.',
    mend: 'Move it to the environment, to .env, or to a file of its own.',
    before: 'channels:\n  telegram: { token: "123456:ABC-DEF" }',
    after: 'channels:\n  telegram: { token: "${TELEGRAM_BOT_TOKEN}" }',
  },
  CLAW407: {
    what: 'An agent runs commands on the machine without a sandbox.',
    why: 'Checking the text of a command is no boundary; a sandbox is.',
    mend: 'Use auto or required.',
    before: 'agents:\n  main: { soul: You are terse., tools: [bash], sandbox: off }',
    after: 'agents:\n  main: { soul: You are terse., tools: [bash], sandbox: required }',
  },
  CLAW408: {
    what: 'A grant or a deny is written as a name that a tool has.',
    why: 'A bare text is a command. A bare deny takes the tool of that name away too, so that nothing is let through by mistake.',
    mend: 'Say which is meant, by `tool:` or `command:`.',
    before: 'permissions: { deny: [write_file] }',
    after: 'permissions: { deny: ["tool:write_file"] }',
  },
  CLAW409: {
    what: 'A workspace is, or lies in, a folder that the engine keeps for itself or reads its configuration from.',
    why: 'No tool may touch these files, so the agent could do nothing there.',
    mend: 'Name another folder. Only the folder `workspace` of the state folder may hold workspaces.',
    before: 'agents:\n  main: { soul: You are terse., workspace: .openclaw }',
    after: 'agents:\n  main: { soul: You are terse., workspace: workspace/main }',
  },
  CLAW501: {
    what: 'A server that the configuration names does not answer.',
    why: 'The bot would start and fail at the first message.',
    mend: 'Check the address, the server and the network.',
    before: 'models:\n  local: { provider: openai, baseURL: "http://127.0.0.1:1/v1" }',
    after: 'models:\n  local: { provider: openai, baseURL: "http://127.0.0.1:11434/v1" }',
  },
  CLAW502: {
    what: 'The port of the gateway is in use.',
    why: 'Another program, or another claw, listens on it.',
    mend: 'Stop the other one, or choose another port; 0 takes any free one.',
    before: 'gateway: { port: 18789 }',
    after: 'gateway: { port: 18790 }',
  },
  CLAW503: {
    what: 'Another engine uses the state folder.',
    why: 'Two engines would write into the same transcripts.',
    mend: 'Stop the other one, or give this one a stateDir of its own.',
    before: 'stateDir: .openclaw',
    after: 'stateDir: .openclaw-second',
  },
  CLAW504: {
    what: 'Something that the new configuration needs could not be made ready.',
    why: 'The running configuration stays as it was.',
    mend: 'Read what failed in the message; mend it, and save again.',
    before: 'channels:\n  telegram: { token: "${OLD_TOKEN}" }',
    after: 'channels:\n  telegram: { token: "${TELEGRAM_BOT_TOKEN}" }',
  },
  CLAW505: {
    what: 'The code of a plugin failed as it was loaded, or does not hold what its manifest declares.',
    why: 'Rights were proved by the manifest; code that brings anything else is not run.',
    mend: 'Make `tools`, `channels` and `models` of the default export the same names as those of claw.plugin.json.',
    before: '// index.js, where claw.plugin.json declares the tool "weather"\nexport default { tools: {} }',
    after: "// index.js\nexport default { tools: { weather: async () => 'Rain.' } }",
  },
} as const satisfies Record<string, Explanation>
