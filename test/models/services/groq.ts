import { answer, chunk, DONE, type Service } from './quirk.ts'

export const groq: Service = {
  name: 'Groq',
  quirks: [
    {
      quirk: 'reasoning',
      what: '`reasoning`',
      body: answer(chunk({ reasoning: 'hm', channel: 'analysis' }), chunk({ content: 'hi' })),
      expect: { text: 'hi', thoughts: 'hm' },
    },
    {
      quirk: 'usage-names',
      what: '`x_groq.usage`, in the chunk with the reason',
      body:
        chunk({ content: 'hi' }) +
        chunk({}, 'stop', { x_groq: { id: 'req', usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } } }) +
        DONE,
      expect: { text: 'hi', usage: { input: 7, output: 3 } },
    },
    {
      quirk: 'failed-inside',
      what: '`event: error`',
      body: `${chunk({ content: 'h' })}event: error\ndata: {"error":{"message":"Over capacity","type":"internal_server_error","code":503}}\n\n`,
      expect: { error: { kind: 'overloaded' } },
    },
    {
      quirk: 'error-shape',
      what: 'a call that the model wrote wrong: 400 `tool_use_failed`',
      status: 400,
      body: JSON.stringify({
        error: {
          message: "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
          type: 'invalid_request_error',
          code: 'tool_use_failed',
          failed_generation: '<function=save>',
        },
      }),
      expect: { error: { kind: 'server' } },
    },
    {
      quirk: 'no-media',
      what: '400: content must be a string',
      status: 400,
      body: JSON.stringify({
        error: {
          message:
            "'messages.1' : for 'role:user' the following must be satisfied[('messages.1.content' : value must be a string)]",
          type: 'invalid_request_error',
        },
      }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
