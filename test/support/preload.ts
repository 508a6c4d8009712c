// Loaded before each test file, in this order: CommonJS packages that reach these by `require` while they are being imported as
// modules would otherwise run into a circle.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
import '@nestjs/websockets';
