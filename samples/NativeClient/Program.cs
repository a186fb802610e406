using Duende.IdentityModel.OidcClient;
using NativeClient;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

if (Arguments.Read(args) is not { } arguments)
{
    Console.Error.WriteLine(Arguments.Help);
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

try
{
    return await new Visit(arguments).RunAsync(stop.Token);
}
catch (OperationCanceledException)
{
    return 130; // what a shell reports for a program that Ctrl+C ended
}
