// Nest on Express, its decorators applied by hand so that nothing is compiled. Nest parses the body
// before its guards run.
import 'reflect-metadata';
import { BadRequestException, Catch, Controller, HttpException, Injectable, Module, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';

const manufacturers = new Map([
  ['acme-test-key-5c1d0a', { name: 'acme', enabled: true }],
  ['globex-test-key-e83b27', { name: 'globex', enabled: true }],
  ['initech-test-key-94f6bd', { name: 'initech', enabled: false }],
]);
const connections = new Map([...manufacturers.values()].map((m) => [m.name, new Map()]));

class ApiKeyGuard {
  canActivate(context) {
    const req = context.switchToHttp().getRequest();
    const manufacturer = manufacturers.get(req.get('x-api-key'));
    if (!manufacturer?.enabled) throw new UnauthorizedException('Invalid API key');
    req.manufacturer = manufacturer;
    return true;
  }
}
Injectable()(ApiKeyGuard);

class DeviceConnectionsController {
  create(req) {
    if (!req.is('application/json')) throw new BadRequestException('Content-Type must be application/json');
    const userId = req.body?.user_id;
    if (typeof userId !== 'string') throw new BadRequestException('user_id is required and must be a string');
    if (userId === 'provoke-500') throw new Error('provoked');
    const users = connections.get(req.manufacturer.name);
    if (!users.has(userId)) users.set(userId, randomUUID());
    return { manufacturer_user_id: userId, nox_user_id: users.get(userId) };
  }
}
const create = Object.getOwnPropertyDescriptor(DeviceConnectionsController.prototype, 'create');
Req()(DeviceConnectionsController.prototype, 'create', 0);
UseGuards(ApiKeyGuard)(DeviceConnectionsController.prototype, 'create', create);
Post('device-connections')(DeviceConnectionsController.prototype, 'create', create);
Controller('manufacturer')(DeviceConnectionsController);

class ErrorFilter {
  catch(err, host) {
    const res = host.switchToHttp().getResponse();
    const status = err instanceof HttpException ? err.getStatus() : (err.status ?? 500);
    if (status >= 500) {
      console.error(err.message);
      return res.status(500).json({ error: 'Internal server error' });
    }
    res.status(status === 401 || status === 404 ? status : 400).json({ error: err.message });
  }
}
Catch()(ErrorFilter);

class AppModule {}
Module({ controllers: [DeviceConnectionsController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
app.setGlobalPrefix('v2');
app.useGlobalFilters(new ErrorFilter());
await app.listen(Number(process.env.PORT), '127.0.0.1');
