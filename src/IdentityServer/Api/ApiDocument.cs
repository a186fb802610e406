using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IdentityServer.Api;

/// <summary>What a parameter is.</summary>
internal enum ApiParameterKind
{
    Text,
    Number,
    Flag,
}

/// <summary>A parameter that an operation reads by itself.</summary>
internal sealed record ApiParameter(string Name, string Description, ApiParameterKind Kind, bool Header);

/// <summary>What an operation reads as its body.</summary>
internal sealed record ApiBodyType(Type Type, string MediaType);

/// <summary>Stands for a client in the OpenAPI document: its members are those of the metadata, which grow by a table and not by a class.</summary>
internal sealed record ApiClientSchema;

/// <summary>Describes the API in OpenAPI, from what each operation says of itself. Parameters and bodies are read by hand, so they are told by hand.</summary>
internal static class ApiDocument
{
    /// <summary>What every operation is filed under.</summary>
    public const string Tag = "clients";

    private const string Bearer = "bearer";

    public static void AddTo(IServiceCollection services)
    {
        // The schemas are those of what ApiJson writes.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = ApiJson.Options.PropertyNamingPolicy;
            json.SerializerOptions.NumberHandling = ApiJson.Options.NumberHandling;
            foreach (var converter in ApiJson.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }
        });
        services.AddOpenApi("v1", options =>
        {
            options.ShouldInclude = operation => operation.ActionDescriptor.EndpointMetadata.OfType<ApiOperation>().Any();
            options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("Api", "", StringComparison.Ordinal)
                .Replace("ClientSchema", "Client", StringComparison.Ordinal);
            options.AddSchemaTransformer(DescribeClientAsync);
            options.AddOperationTransformer(DescribeAsync);
            options.AddDocumentTransformer(DescribeAsync);
        });
    }

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new() { Title = "Client management", Version = "1", Description = "Registers and looks after the clients that are yours. Errors are described in docs/api.md." };
        document.Servers = [];
        document.Tags = new HashSet<OpenApiTag> { new() { Name = Tag } };
        document.AddComponent(Bearer, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = Bearer,
            Description = $"An access token of this server for the resource {BuiltIns.ApiPath} below the issuer, with the scopes that the operation names.",
        });
        return Task.CompletedTask;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var asked = metadata.OfType<ApiOperation>().Single();
        operation.Description = (asked.Scope is { } scope ? $"Needs the scope {scope}." : "Needs any scope of the management API.")
            + (asked.PeopleOnly is null ? "" : " Of a person; a client that acts for itself is refused.");
        operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = asked.Scope is null ? [] : [asked.Scope] }];
        foreach (var parameter in metadata.OfType<ApiParameter>())
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = parameter.Name,
                Description = parameter.Description,
                In = parameter.Header ? ParameterLocation.Header : ParameterLocation.Query,
                Schema = new OpenApiSchema
                {
                    Type = parameter.Kind switch
                    {
                        ApiParameterKind.Number => JsonSchemaType.Integer,
                        ApiParameterKind.Flag => JsonSchemaType.Boolean,
                        _ => JsonSchemaType.String,
                    },
                },
            });
        }

        if (metadata.OfType<ApiBodyType>().SingleOrDefault() is { } body)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [body.MediaType] = new() { Schema = await SchemaAsync(context, body.Type, cancellationToken) } },
            };
        }

        (operation.Responses ??= [])["default"] = new OpenApiResponse
        {
            Description = "A problem (RFC 9457), by its type described in docs/api.md.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ApiProblem.MediaType] = new() { Schema = await SchemaAsync(context, typeof(ApiProblem), cancellationToken) },
            },
        };
    }

    // Told once, and referred to from wherever it is sent.
    private static async Task<IOpenApiSchema> SchemaAsync(OpenApiOperationTransformerContext context, Type type, CancellationToken cancellationToken)
    {
        var name = type.Name.Replace("Api", "", StringComparison.Ordinal).Replace("ClientSchema", "Client", StringComparison.Ordinal);
        if (context.Document!.Components?.Schemas?.ContainsKey(name) != true)
        {
            context.Document.AddComponent<IOpenApiSchema>(name, await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
        }

        return new OpenApiSchemaReference(name, context.Document);
    }

    private static Task DescribeClientAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type != typeof(ApiClientSchema))
        {
            return Task.CompletedTask;
        }

        schema.Properties = new Dictionary<string, IOpenApiSchema>
        {
            [ApiClient.Kind] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. ClientKinds.All.Select(kind => (System.Text.Json.Nodes.JsonNode)ClientKinds.NameOf(kind))] },
        };
        foreach (var (name, kind) in ClientMetadata.Members.OrderBy(member => member.Key, StringComparer.Ordinal))
        {
            schema.Properties[name] = kind switch
            {
                MetadataKind.Flag => new OpenApiSchema { Type = JsonSchemaType.Boolean },
                MetadataKind.Number => new OpenApiSchema { Type = JsonSchemaType.Integer },
                MetadataKind.TextList => new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
                MetadataKind.Json => new OpenApiSchema { Type = JsonSchemaType.Object },
                _ => new OpenApiSchema { Type = JsonSchemaType.String },
            };
        }

        foreach (var name in ApiClient.Told.Where(name => name != ApiClient.Kind))
        {
            schema.Properties[name] = new OpenApiSchema { Type = name == "approval_requested" ? JsonSchemaType.Boolean : JsonSchemaType.String | JsonSchemaType.Null, ReadOnly = true };
        }

        schema.Type = JsonSchemaType.Object;
        return Task.CompletedTask;
    }
}
