import { answer, chunk, DONE, type Service } from './quirk.ts'

export const together: Service = {
  name: 'Together',
  quirks: [
    {
      quirk: 'think-tags',
      what: '`<think>` before the answer',
      body: answer(
        ...'<think>\nLet me see.\n</think>\n\nhi <b> there'.match(/[\s\S]{1,4}/g)!.map((content) => chunk({ content })),
      ),
      expect: { text: 'hi <b> there', thoughts: 'Let me see.' },
    },
    {
      quirk: 'finish-reasons',
      what: '`eos`',
      body: [chunk({ content: 'hi' }), chunk({}, 'eos'), DONE].join(''),
      expect: { text: 'hi', stopReason: 'end_turn' },
    },
    {
      quirk: 'usage-names',
      what: 'counts in the chunk with the reason',
      body:
        chunk({ content: 'hi' }) +
        chunk({ content: '' }, 'stop', { usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } }) +
        DONE,
      expect: { usage: { input: 7, output: 3 } },
    },
    {
      quirk: 'no-model',
      what: '404 in words',
      status: 404,
      body: JSON.stringify({
        id: 'x',
        error: {
          message: 'Unable to access model x. Please visit https://api.together.ai/models',
          type: 'invalid_request_error',
          param: null,
          code: 'model_not_available',
        },
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}
