/**
 * How a model wants the turns of a conversation written into one text, where its server does not do it. What the model
 * writes as its own turn ends with `end`.
 */
export interface ChatTemplate {
  /** Before and after a system's text; absent where models know no such turn: then it stands before the first user's. */
  readonly system?: readonly [string, string];
  readonly user: readonly [string, string];
  readonly assistant: readonly [string, string];
  /** What the model goes on from. */
  readonly answer: string;
  readonly end: string;
  /** What makes turns: in a text it would be read as one. */
  readonly marks: readonly string[];
}

const llamaTurn = (role: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n`;

/**
 * As the models' own tokenizers have them, without the token that begins a text, which servers add: ChatML (Qwen, Hermes,
 * SmolLM), Llama 3 and later, Mistral Instruct, Gemma.
 */
export const chatTemplates = {
  chatml: {
    system: ['<|im_start|>system\n', '<|im_end|>\n'],
    user: ['<|im_start|>user\n', '<|im_end|>\n'],
    assistant: ['<|im_start|>assistant\n', '<|im_end|>\n'],
    answer: '<|im_start|>assistant\n',
    end: '<|im_end|>',
    marks: ['<|im_start|>', '<|im_end|>', '<|endoftext|>'],
  },
  'llama-3': {
    system: [llamaTurn('system'), '<|eot_id|>'],
    user: [llamaTurn('user'), '<|eot_id|>'],
    assistant: [llamaTurn('assistant'), '<|eot_id|>'],
    answer: llamaTurn('assistant'),
    end: '<|eot_id|>',
    marks: ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>', '<|begin_of_text|>', '<|end_of_text|>'],
  },
  mistral: {
    user: ['[INST] ', ' [/INST]'],
    assistant: [' ', '</s>'],
    answer: '',
    end: '</s>',
    marks: ['[INST]', '[/INST]', '<s>', '</s>'],
  },
  gemma: {
    user: ['<start_of_turn>user\n', '<end_of_turn>\n'],
    assistant: ['<start_of_turn>model\n', '<end_of_turn>\n'],
    answer: '<start_of_turn>model\n',
    end: '<end_of_turn>',
    marks: ['<start_of_turn>', '<end_of_turn>', '<bos>', '<eos>'],
  },
} as const satisfies Record<string, ChatTemplate>;

/** One of them. */
export type ChatTemplateName = keyof typeof chatTemplates;
/** All of them. */
export const chatTemplateNames = Object.keys(chatTemplates) as ChatTemplateName[];
