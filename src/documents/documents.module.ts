import { Module } from '@nestjs/common';
import { Documents } from './documents.js';
import { DocumentsController } from './documents.controller.js';

@Module({ controllers: [DocumentsController], providers: [Documents], exports: [Documents] })
export class DocumentsModule {}
