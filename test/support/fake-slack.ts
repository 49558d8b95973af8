// Tests find the platforms' servers here, whatever folder a channel keeps its own in.

export * from '../../src/channels/slack/fake/server.ts'
