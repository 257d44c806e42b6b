export default { distDir: 'build', poweredByHeader: false };
