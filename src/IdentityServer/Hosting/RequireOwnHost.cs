using System.Net;
using IdentityServer.Settings;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace IdentityServer.Hosting;

/// <summary>
/// Lets no request speak of a host that is not ours: discovery and redirects tell addresses that follow the Host header. Outside
/// Development the host filter has checked the name, and here the issuer's own host takes the header's place, port included. In
/// Development it may be any name of this machine, but no other: a page elsewhere on the web could point its own name at this machine and
/// read the development mailbox (DNS rebinding).
/// </summary>
internal sealed class RequireOwnHost(RequestDelegate next, Installation installation, IServer server)
{
    private const string Localhost = "localhost";

    private readonly Lazy<string[]> _listening = new(() => HostsOf(server));

    public Task InvokeAsync(HttpContext context)
    {
        if (!installation.IsDevelopment)
        {
            context.Request.Host = HostString.FromUriComponent(installation.Issuer);
            return next(context);
        }

        if (IsOurs(context))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            "In Development this server answers to localhost, to the names it listens on and to the host of the configured Issuer. To reach it by another name, listen on that name (--urls) or set Issuer.\n",
            context.RequestAborted);
    }

    private bool IsOurs(HttpContext context)
    {
        var host = context.Request.Host.Host;
        if (IPAddress.TryParse(host, out var address))
        {
            // The address that was called: a name that was pointed at it comes as a name.
            return IPAddress.IsLoopback(address) || address.Equals(Plain(context.Connection.LocalIpAddress)) || IsNamed(host);
        }

        // Browsers take every name below localhost to this very machine (RFC 6761 §6.3).
        return host.Equals(Localhost, StringComparison.OrdinalIgnoreCase)
            || host.EndsWith("." + Localhost, StringComparison.OrdinalIgnoreCase)
            || IsNamed(host);
    }

    private bool IsNamed(string host) =>
        _listening.Value.Contains(host, StringComparer.OrdinalIgnoreCase)
        || (installation.KnownIssuer is { } issuer && HostString.FromUriComponent(issuer).Host.Equals(host, StringComparison.OrdinalIgnoreCase));

    // Asked for when the first request is here, so all are bound. What stands for every address is no name.
    private static string[] HostsOf(IServer server) =>
        [.. (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            .Select(BindingAddress.Parse)
            .Where(binding => !binding.IsUnixPipe && !binding.IsNamedPipe)
            .Select(binding => binding.Host)
            .Where(host => host is not ("*" or "+") && !host.Contains("0.0.0.0", StringComparison.Ordinal) && host != "[::]")];

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
