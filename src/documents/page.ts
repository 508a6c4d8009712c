/** The page on which people read and try the API: swagger-ui, and what it lacks on a narrow screen. */
export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kaiwa API</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<style>
body { margin: 0; }
/* No operation has links: the empty column only takes from the others. */
.swagger-ui .response-col_links { display: none; }
@media (max-width: 640px) {
  .swagger-ui .opblock-tag { flex-wrap: wrap; position: relative; padding-right: 40px; }
  .swagger-ui .opblock-tag small { flex: 100%; padding: 0; }
  .swagger-ui .opblock-tag .expand-operation { position: absolute; right: 0; }
  .swagger-ui .info details thead { display: none; }
  .swagger-ui .info details tr { display: block; padding: 4px 0; }
  .swagger-ui .info details td { display: inline; padding: 0 4px 0 0; }
  .swagger-ui .response-controls { flex-wrap: wrap; gap: 8px; }
  .swagger-ui .headers :is(.header-col, td) { padding-right: 8px; }
  .swagger-ui .headers :is(.header-col, td):last-child { display: none; }
}
</style>
</head>
<body>
<div id="ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
`;

/**
 * The interface draws only the rows in sight once tags and open operations are 150 together, and draws the wrong ones where it comes
 * to that after its start: whole screens stay empty, and the browser's search finds nothing (5.33.0). So each group is a list of its own.
 */
export const START_JS = `const GroupByGroup = (system) => ({
  wrapComponents: {
    operations: (Operations) => (props) => {
      const groups = props.specSelectors.taggedOperations();
      if (groups.size === 0) return system.React.createElement(Operations, props);
      return groups.keySeq().toArray().map((name) => {
        const taggedOperations = () => groups.filter((_, key) => key === name);
        return system.React.createElement(Operations, { ...props, key: name, specSelectors: { ...props.specSelectors, taggedOperations } });
      });
    },
  },
});

SwaggerUIBundle({ url: 'openapi.json', dom_id: '#ui', deepLinking: true, filter: true, docExpansion: 'none', plugins: [GroupByGroup],
  displayRequestDuration: true, tryItOutEnabled: true, persistAuthorization: true, validatorUrl: null });
`;
