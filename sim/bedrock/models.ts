/** A model as one region's Bedrock hosts it. */
export interface BedrockModel {
  readonly id: string;
  readonly does: 'text' | 'embedding';
  /** Without it the model is reached by inference profile only, as the newer ones are. */
  readonly onDemand: boolean;
  /** Geographies of its inference profiles, with the regions that each may be called from. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
  /** Per account, region and id called. Default: no limit. */
  readonly requestsPerMinute?: number;
  /** Median time between two tokens, ms. Default 4. */
  readonly tokenMs?: number;
}

const us = ['us-east-1', 'us-west-2'];
const eu = ['eu-west-1'];
const everywhere = [...us, ...eu, 'ap-southeast-1'];

/** What the demo's regions offer: a model on demand, a newer one by profile only, and embeddings. */
export const demoBedrockModels: readonly BedrockModel[] = [
  { id: 'demo.assistant-v1:0', does: 'text', onDemand: true, profiles: { us, eu } },
  { id: 'demo.assistant-v2:0', does: 'text', onDemand: false, profiles: { us, eu, global: everywhere } },
  { id: 'amazon.titan-embed-text-v2:0', does: 'embedding', onDemand: true, profiles: {} },
];

/** The ids under which a region's callers may name this model: its own, and those of its profiles. */
export function idsIn(model: BedrockModel, region: string): readonly string[] {
  const profiles = Object.entries(model.profiles).filter(([, regions]) => regions.includes(region));
  return [...(model.onDemand ? [model.id] : []), ...profiles.map(([geography]) => `${geography}.${model.id}`)];
}
