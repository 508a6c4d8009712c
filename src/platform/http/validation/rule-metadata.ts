import type { getMetadataStorage } from 'class-validator';

/** One rule of class-validator's, as its metadata storage gives it. */
export type RuleMetadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
