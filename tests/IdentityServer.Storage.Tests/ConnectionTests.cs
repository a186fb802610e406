using IdentityServer.Storage.Connections;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IdentityServer.Storage.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public void Our_defaults_keep_a_node_below_a_third_of_what_PostgreSQL_allows()
    {
        var builder = Built("Host=db");

        builder.MaxPoolSize.ShouldBe(30);
        builder.MaxAutoPrepare.ShouldBe(100);
        builder.NoResetOnClose.ShouldBeTrue();
    }

    [Theory]
    [InlineData("Host=db;Maximum Pool Size=7;Max Auto Prepare=0;No Reset On Close=false")]
    [InlineData("Host=db;MaxPoolSize=7;Max Auto Prepare=0;No Reset On Close=false")]
    public void What_the_operator_says_wins(string connectionString)
    {
        var builder = Built(connectionString);

        builder.MaxPoolSize.ShouldBe(7);
        builder.MaxAutoPrepare.ShouldBe(0);
        builder.NoResetOnClose.ShouldBeFalse();
    }

    [Fact]
    public void Settings_do_not_show_a_password() =>
        new StorageSettings(StorageProvider.PostgreSql, "Host=db;Password=hunter22").ToString().ShouldNotContain("hunter22");

    private static NpgsqlConnectionStringBuilder Built(string connectionString)
    {
        using var context = new IdentityServerDbContext(
            StorageOptions.For<IdentityServerDbContext>(new(StorageProvider.PostgreSql, connectionString)));
        return new(context.Database.GetConnectionString());
    }
}
